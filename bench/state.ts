/** What a stack declares, out of `pulumi stack export --show-secrets`; pure. */
import type * as model from "../model/resources";

/** A container's arguments, as far as a compose file says the same. */
export interface ContainerInputs {
  readonly name: string;
  readonly hostname?: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly envs?: readonly string[];
  readonly user?: string;
  readonly readOnly?: boolean;
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly capabilities?: { readonly drops?: readonly string[] };
  readonly securityOpts?: readonly string[];
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly shmSize?: number;
  readonly restart?: string;
  readonly stopTimeout?: number;
  readonly logDriver?: string;
  readonly logOpts?: Readonly<Record<string, string>>;
  readonly start?: boolean;
  readonly networksAdvanced?: readonly { readonly name: string; readonly ipv4Address?: string }[];
  readonly ports?: readonly {
    readonly internal: number;
    readonly external: number;
    readonly ip: string;
    readonly protocol: string;
  }[];
  readonly volumes?: readonly {
    readonly volumeName: string;
    readonly containerPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly healthcheck?: {
    readonly tests: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly startPeriod: string;
    readonly retries: number;
  };
}

/** Everything that the compose run takes over from the stack, secrets in plain text. */
export interface Declared {
  readonly containers: readonly ContainerInputs[];
  readonly network: model.NetworkInputs;
  readonly files: readonly model.ConfigFilesInputs[];
  readonly acl: model.ConsulAclInputs;
  readonly roles: readonly model.RoleInputs[];
  readonly lookup: model.PoolLookupInputs;
  readonly databases: readonly model.DatabaseInputs[];
  readonly stanza: model.StanzaInputs;
  readonly ready: model.ReadyInputs;
}

interface Resource {
  readonly type: string;
  readonly inputs?: unknown;
}

/** Key that marks a special object in an exported state, and its value for a secret. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What the bridge of a Terraform provider adds to inputs: no argument of the program's. */
const BRIDGE = "__defaults";

/** Takes secrets out of their wrapping, deeply. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[SIGNATURE] === SECRET && typeof fields.plaintext === "string")
    return plain(JSON.parse(fields.plaintext));
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key !== BRIDGE)
      .map(([key, item]) => [key, plain(item)]),
  );
}

/** Reads an exported stack. */
export function parseExport(text: string): Declared {
  const { deployment } = JSON.parse(text) as { deployment?: { resources?: Resource[] } };
  const all = deployment?.resources ?? [];
  // The state carries no types: they are those under which the program declared the resources.
  const of = <T>(type: string): T[] =>
    all.filter((one) => one.type === type).map(({ inputs }) => plain(inputs) as T);
  const one = <T>(type: string): T => {
    const [first] = of<T>(type);
    if (first === undefined) throw new Error(`the exported stack has no ${type}`);
    return first;
  };
  return {
    containers: of<ContainerInputs>("docker:index/container:Container").filter(
      ({ start }) => start !== false,
    ),
    network: one("pgha:index:Network"),
    files: of("pgha:index:ConfigFiles"),
    acl: one("pgha:index:ConsulAcl"),
    roles: of("pgha:index:Role"),
    lookup: one("pgha:index:PoolLookup"),
    databases: of("pgha:index:Database"),
    stanza: one("pgha:index:Stanza"),
    ready: one("pgha:index:Ready"),
  };
}
