import * as pulumi from "@pulumi/pulumi";
import {
  MockMonitor,
  type MockResourceArgs,
  type MockResourceResult,
} from "@pulumi/pulumi/runtime/mocks";
import { rawStack } from "../topology/stacks";

/** One resource as the program declared it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string;
  readonly provider: string;
  /** Inputs as they go to the engine; secrets are marked, see `isSecret`. */
  readonly inputs: Record<string, unknown>;
  /** Names of the resources that it waits for, in whatever way. */
  readonly dependsOn: readonly string[];
  /** Input -> names of the resources whose outputs it is made of. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly additionalSecretOutputs: readonly string[];
}

/** The part of the engine's protocol that is looked at here. */
interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(visit: (value: { getUrnsList(): string[] }, key: string) => void): void;
  };
  getProtect(): boolean;
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
}

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Whether an input, or any part of it, is a secret. */
export function isSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return SECRET_SIGNATURE in value || Object.values(value).some(isSecret);
}

/** The value behind the marks of secrets. */
export function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET_SIGNATURE in value) return unmarked((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unmarked(part)]));
}

/** Random passwords are made up here; whoever finds one where it must not be can tell whose it is. */
export function passwordOf(name: string): string {
  return `password-of-${name}`;
}

const PEM = (kind: string, name: string): string =>
  `-----BEGIN ${kind}-----\n${name}\n-----END ${kind}-----\n`;

/** Computed outputs by type. A type that is not here is a mistake: the program grew unseen. */
const COMPUTED: Readonly<Record<string, (args: MockResourceArgs) => object>> = {
  "pulumi:providers:docker": () => ({}),
  "docker:index/container:Container": ({ name }) => ({ bridge: "", containerLogs: name }),
  "docker:index/network:Network": () => ({ driver: "bridge" }),
  "docker:index/volume:Volume": () => ({ mountpoint: "/somewhere" }),
  "random:index/randomPassword:RandomPassword": ({ name }) => ({
    result: pulumi.secret(passwordOf(name)),
  }),
  "pgha:index:CertificateAuthority": ({ name }) => ({
    certificate: PEM("CERTIFICATE", name),
    privateKey: pulumi.secret(PEM("PRIVATE KEY", name)),
  }),
  "pgha:index:Certificate": ({ name }) => ({
    certificate: PEM("CERTIFICATE", name),
    privateKey: pulumi.secret(PEM("PRIVATE KEY", name)),
    notAfter: "2030-01-01T00:00:00Z",
  }),
  "pgha:index:Ready": () => ({ systemIdentifier: "7300000000000000000" }),
};

/** Types of the project's own provider that compute nothing. */
const PLAIN =
  /^pgha:index:(Image|ConfigFiles|ConsulPolicy|ConsulToken|DynamicConfig|Role|Database|Extension|PoolLookup|PoolSettings|Stanza|Drain|ClusterShape)$/;

function newResource(args: MockResourceArgs): MockResourceResult {
  const inputs = args.inputs as object;
  if (args.custom === false) return { id: undefined, state: {} };
  const computed = COMPUTED[args.type]?.(args) ?? (PLAIN.test(args.type) ? {} : undefined);
  if (computed === undefined) throw new Error(`no mock for ${args.type} (${args.name})`);
  return { id: `${args.name}-id`, state: { ...inputs, ...computed } };
}

const nameOfUrn = (urn: string): string => urn.split("::").at(-1) ?? "";

function record(request: Request): Declared {
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => {
    propertyDependencies[key] = value.getUrnsList().map(nameOfUrn);
  });
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: nameOfUrn(request.getParent()),
    provider: request.getProvider(),
    inputs: request.getObject().toJavaScript(),
    dependsOn: request.getDependenciesList().map(nameOfUrn),
    propertyDependencies,
    protect: request.getProtect(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  };
}

/** A run of the program: everything that it declared, in the engine's order, and its outputs. */
export interface Run {
  readonly declared: readonly Declared[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
}

/** Sets mocks, config and the recorder. The program is to be imported after it. */
export async function mockEngine(config: Record<string, unknown>): Promise<Declared[]> {
  const declared: Declared[] = [];
  const register = MockMonitor.prototype.registerResource;
  MockMonitor.prototype.registerResource = function (request: Request, callback) {
    declared.push(record(request));
    return register.call(this, request, callback);
  };
  const call = ({ token }: { token: string }): never => {
    throw new Error(`no mock for the call of ${token}`);
  };
  await pulumi.runtime.setMocks({ newResource, call }, "postgres-ha", "test", false);
  const flat = Object.entries(config).map(([key, value]) => [
    `postgres-ha:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(flat) as Record<string, string>);
  return declared;
}

/** Runs the whole program (`index.ts`) with a config, by default that of stack dev. */
export async function runProgram(config: Record<string, unknown> = rawStack("dev")): Promise<Run> {
  const declared = await mockEngine(config);
  const exported = (await import("../../../index")) as unknown as Record<
    string,
    pulumi.Output<unknown>
  >;
  const entries = Object.entries(exported).filter(([, value]) => pulumi.Output.isInstance(value));
  const outputs: Record<string, unknown> = {};
  const secretOutputs: string[] = [];
  for (const [name, output] of entries) {
    outputs[name] = await valueOf(output);
    if (await pulumi.isSecret(output)) secretOutputs.push(name);
  }
  await settled(declared);
  return { declared, outputs, secretOutputs };
}

function valueOf(output: pulumi.Output<unknown>): Promise<unknown> {
  return new Promise((resolve) => output.apply(resolve));
}

/** Waits until no further resource was declared for a while. */
async function settled(declared: readonly Declared[]): Promise<void> {
  let seen = -1;
  while (seen !== declared.length) {
    seen = declared.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
