import * as pulumi from "@pulumi/pulumi";
import {
  MockMonitor,
  type MockResourceArgs,
  type MockResourceResult,
} from "@pulumi/pulumi/runtime/mocks";
import { vi } from "vitest";

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

interface Monitor {
  registerResource: (this: unknown, request: Request, callback: unknown) => Promise<void>;
}

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Inputs as text, with nothing of what is marked as secret. */
export function inClear(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && SECRET_SIGNATURE in part ? "[secret]" : part,
  );
}

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
  "pgha:index:ClusterIdentity": () => ({ systemIdentifier: "" }),
  "pgha:index:Ready": () => ({ systemIdentifier: "7300000000000000000" }),
};

/** Types of the project's own provider that compute nothing. */
const PLAIN =
  /^pgha:index:(Preflight|Network|Image|ConfigFiles|ConsulAcl|DynamicConfig|Role|Database|Extension|PoolLookup|PoolSettings|Stanza|Roster|Drain|MemberExit|ConsulNode|EndpointGate|BackupGate|ClusterShape|VolumeClaim)$/;

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

/** Sets mocks, config and the recorder; `stop` takes the recorder out again. */
async function mockEngine(config: Record<string, unknown>) {
  const declared: Declared[] = [];
  const monitor = MockMonitor.prototype as unknown as Monitor;
  const register = monitor.registerResource;
  monitor.registerResource = function (request, callback) {
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
  pulumi.runtime.setAllConfig(Object.fromEntries(flat) as Record<string, string>, [
    "postgres-ha:passwords",
  ]);
  return {
    declared,
    stop: () => {
      monitor.registerResource = register;
    },
  };
}

/** Runs the whole program (`index.ts`) with a config. */
export async function runProgram(config: Record<string, unknown>): Promise<Run> {
  vi.resetModules();
  const { declared, stop } = await mockEngine(config);
  try {
    const exported = (await import("../../../index")) as unknown as Record<
      string,
      pulumi.Output<unknown>
    >;
    const outputs: Record<string, unknown> = {};
    const secretOutputs: string[] = [];
    for (const [name, output] of Object.entries(exported)) {
      if (!pulumi.Output.isInstance(output)) continue;
      outputs[name] = await valueOf(output);
      if (await pulumi.isSecret(output)) secretOutputs.push(name);
    }
    await settled(declared);
    return { declared, outputs, secretOutputs };
  } finally {
    stop();
  }
}

/** What the program says to a config that it refuses, and what it had declared by then. */
export async function refusal(
  config: Record<string, unknown>,
): Promise<{ readonly error: Error; readonly declared: readonly Declared[] }> {
  vi.resetModules();
  const { declared, stop } = await mockEngine(config);
  try {
    await import("../../../index");
  } catch (error) {
    await settled(declared);
    return { error: error as Error, declared };
  } finally {
    stop();
  }
  throw new Error("the program took the config");
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

/** Looks into a run. */
export function lookInto(run: Run) {
  const ofType = (type: string): Declared[] =>
    run.declared.filter((one) => one.type.endsWith(type));
  const named = (type: string, name: string): Declared =>
    only(ofType(type).filter((one) => one.name === name));
  /** Everything that a resource waits for, directly or through others. */
  const waitsFor = (name: string, seen = new Set<string>()): Set<string> => {
    for (const next of run.declared
      .filter((one) => one.name === name)
      .flatMap((d) => d.dependsOn)) {
      if (seen.has(next)) continue;
      seen.add(next);
      waitsFor(next, seen);
    }
    return seen;
  };
  return {
    ofType,
    named,
    waitsFor,
    /** Containers that run; the holders of config volumes never do. */
    containers: (): Declared[] => ofType(":Container").filter((one) => one.inputs.start !== false),
  };
}

/** The one value of a list of one. */
export function only<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined || values.length !== 1) throw new Error(`${values.length} for one`);
  return value;
}
