import { randomUUID } from "node:crypto";
import type { ContainerAccess } from "../../../model/access";
import type { ExecOptions, ExecResult } from "../../../control/exec";
import type { AclPolicy, AclToken } from "../../../control/consulAcl";

export const MANAGEMENT = "11111111-1111-4111-8111-111111111111";

type Answer = readonly [status: number, body: unknown];

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly mark: string;
}

const bad = (text: string): Answer => [500, text];

/**
 * Consul's ACL system, behind curl in a server's container. It refuses what Consul refuses: another
 * secret for a token, an id that is taken, a policy that nobody knows.
 */
export class FakeConsul {
  readonly policies = new Map<string, AclPolicy>();
  readonly tokens = new Map<string, AclToken>();
  /** Keys of the key-value store. */
  keys: string[] = [];
  /** Nodes that gossip takes for alive. */
  alive: string[] = [];
  /** Nodes that gossip takes for failed. */
  failed: string[] = [];
  /** Names of servers that give no answer. */
  readonly silent = new Set<string>();
  /** Method and path of each request, a list for each program. */
  programs: string[][] = [];
  /** Number of changes after which the server gives no more answers. */
  changesLeft = Infinity;

  constructor() {
    const builtIn = "00000000-0000-0000-0000-000000000001";
    this.addPolicy({ ID: builtIn, Name: "global-management", Description: "", Rules: "all" });
    const initial = { SecretID: MANAGEMENT, Description: "Initial Management Token" };
    this.addToken({ AccessorID: randomUUID(), ...initial });
    const anonymous = { SecretID: "anonymous", Description: "Anonymous Token" };
    this.addToken({ AccessorID: "00000000-0000-0000-0000-000000000002", ...anonymous });
  }

  addPolicy(policy: AclPolicy): void {
    this.policies.set(policy.ID, policy);
  }

  addToken(token: AclToken): void {
    this.tokens.set(token.AccessorID, token);
  }

  policy(name: string): AclPolicy {
    const found = [...this.policies.values()].find(({ Name }) => Name === name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  }

  /** What `exec` does, for the one program that it is used for here. */
  exec(access: ContainerAccess, argv: readonly string[], options: ExecOptions): ExecResult {
    if (argv.includes(MANAGEMENT)) throw new Error("a secret in the arguments");
    if (this.silent.has(access.container)) return { exitCode: 7, stdout: "", stderr: "refused" };
    const requests = requestsOf(String(options.stdin));
    this.programs.push(requests.map(({ method, path }) => `${method} ${path}`));
    let stdout = "";
    for (const request of requests) {
      if (request.method !== "GET" && this.changesLeft-- <= 0)
        return {
          exitCode: 52,
          stdout: `${stdout}\n${request.mark} 000 52 Empty reply\n`,
          stderr: "",
        };
      const [status, body] = this.answer(request);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      stdout += `${text}\n${request.mark} ${status} 0 \n`;
    }
    return { exitCode: 0, stdout, stderr: "" };
  }

  private answer({ method, path, body }: Request): Answer {
    const [, kind = "", id = ""] = /^\/v1\/acl\/(policy|token)(?:\/(.+))?$/.exec(path) ?? [];
    if (path === "/v1/acl/token/self") return [200, {}];
    if (path === "/v1/acl/policies") return [200, [...this.policies.values()].map(withoutRules)];
    if (path === "/v1/acl/tokens") return [200, [...this.tokens.values()]];
    if (path === "/v1/agent/members") return [200, this.nodes()];
    if (path.startsWith("/v1/kv/")) return this.keys.length > 0 ? [200, this.keys] : [404, ""];
    if (kind === "policy") return this.onPolicy(method, id, body as unknown as AclPolicy);
    if (kind === "token") return this.onToken(method, id, body as unknown as AclToken);
    return [404, `nothing at ${path}`];
  }

  private nodes(): object[] {
    return [
      ...this.alive.map((Name) => ({ Name, Status: 1 })),
      ...this.failed.map((Name) => ({ Name, Status: 4 })),
    ];
  }

  private onPolicy(method: string, id: string, body: AclPolicy): Answer {
    const live = this.policies.get(id);
    if (method === "GET") return live ? [200, live] : [404, ""];
    if (method === "DELETE") return [200, this.policies.delete(id)];
    if (id === "" && body.ID) return [400, "Cannot specify the ID when creating a new policy"];
    const namesake = [...this.policies.values()].find(({ Name }) => Name === body.Name);
    if (namesake && namesake.ID !== id) return bad(`A Policy with Name "${body.Name}" exists`);
    const policy = { ...body, ID: id || randomUUID() };
    this.addPolicy(policy);
    return [200, policy];
  }

  private onToken(method: string, id: string, body: AclToken): Answer {
    const live = this.tokens.get(id);
    if (method === "DELETE")
      return this.tokens.delete(id) ? [200, true] : [404, "Cannot find token"];
    const others = [...this.tokens.values()].filter(({ AccessorID }) => AccessorID !== id);
    if (id !== "" && live === undefined) return bad("Cannot find token");
    if (id === "" && this.tokens.has(body.AccessorID)) return bad("AccessorID is already in use");
    if (others.some(({ SecretID }) => SecretID === body.SecretID))
      return bad("SecretID is already in use");
    if (live && live.SecretID !== body.SecretID)
      return bad("Changing a token's SecretID is not permitted");
    if (live?.Local) return bad("Cannot toggle local mode");
    for (const { Name } of body.Policies ?? [])
      if (![...this.policies.values()].some((one) => one.Name === Name))
        return bad(`No such ACL policy with name "${Name}"`);
    this.addToken({
      ...body,
      ...(live?.ExpirationTime ? { ExpirationTime: live.ExpirationTime } : {}),
    });
    return [200, body];
  }
}

function withoutRules({ Rules: _, ...stub }: AclPolicy): Omit<AclPolicy, "Rules"> {
  return stub;
}

/** The requests of a curl config. */
function requestsOf(config: string): Request[] {
  return config.split(/^next$/m).map((part) => {
    const value = (name: string): string => {
      const found = new RegExp(`^${name} = (".*")$`, "m").exec(part)?.[1];
      return found === undefined ? "" : (JSON.parse(found) as string);
    };
    return {
      method: value("request"),
      path: value("url").replace(/^https:\/\/[^/]+/, ""),
      body: JSON.parse(value("data-raw") || "{}") as Record<string, unknown>,
      mark: value("write-out").trim().split(" ")[0] ?? "",
    };
  });
}
