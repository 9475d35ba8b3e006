import type { ConsulAccess, ContainerAccess, MemberAccess, PoolerAccess } from "../../model/access";
import type { Endpoints } from "../../model/topology";

/** The endpoints that take SQL. */
export const ENDPOINTS = [
  "primary",
  "replicas",
  "pooledPrimary",
  "pooledReplicas",
  "direct",
] as const;
export type EndpointKind = (typeof ENDPOINTS)[number];

/** A cluster's outputs, as another stack would read them. */
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
    readonly poolers: readonly PoolerAccess[];
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

/** The first of a list that cannot be empty in the cluster at hand. */
export function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error("an empty list where the cluster must have something");
  return item;
}
