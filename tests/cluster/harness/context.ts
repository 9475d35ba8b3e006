import { readFileSync } from "node:fs";
import type { ConsulAccess, ContainerAccess, MemberAccess } from "../../../model/access";
import type { Endpoint, Endpoints } from "../../../model/topology";
import { work } from "./identity";
import { readOutputs } from "./pulumi";

/** The stack's outputs, as another stack would read them. */
export interface Outputs {
  readonly clusterName: string;
  readonly caCertificate: string;
  readonly endpoints: Endpoints;
  readonly connectionStrings: Record<string, Record<EndpointKind, string>>;
  readonly credentials: Record<string, string>;
  readonly members: readonly {
    name: string;
    host: string;
    address: string;
    port: number;
    apiPort: number;
  }[];
  readonly backup: { stanza: string; repositories: { name: string }[] };
  readonly operations: {
    readonly members: readonly MemberAccess[];
    readonly consul: readonly ConsulAccess[];
    readonly agents: readonly ContainerAccess[];
    readonly haproxies: readonly ContainerAccess[];
    readonly poolers: readonly (ContainerAccess & { readonly port: number })[];
    readonly repository: ContainerAccess;
    readonly consulViewerToken: string;
    readonly keys: {
      readonly consulManagementToken: string;
      readonly gossipKey: string;
      readonly repositoryPassphrase: string;
      readonly passwords: Record<string, string>;
      readonly statsPassword: string;
      readonly caCertificate: string;
      readonly caPrivateKey: string;
    };
  };
}

/** The endpoints that take SQL. */
export const ENDPOINTS = [
  "primary",
  "replicas",
  "pooledPrimary",
  "pooledReplicas",
  "direct",
] as const;
export type EndpointKind = (typeof ENDPOINTS)[number];

/** Outputs as the first `up` of this run gave them. */
export function outputs(): Outputs {
  return JSON.parse(readFileSync(work("outputs.json"), "utf8")) as Outputs;
}

/** Outputs as the stack has them now. */
export async function freshOutputs(): Promise<Outputs> {
  return (await readOutputs()) as Outputs;
}

/** The one endpoint of a kind, or the first of several. */
export function endpoint(kind: keyof Endpoints): Endpoint {
  const [first] = outputs().endpoints[kind];
  if (first === undefined) throw new Error(`the outputs have no endpoint ${kind}`);
  return first;
}

/** The first of a list that cannot be empty in this cluster. */
export function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error("an empty list where the cluster must have something");
  return item;
}
