import { request } from "node:https";
import type { ClusterMember, ClusterView } from "../../../control/patroni";
import type { MemberAccess } from "../../../model/access";
import { outputs } from "./context";
import { inside } from "./docker";
import { untilNothing } from "./wait";

/** An answer of an HTTPS server. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request from this machine to a published port, the server's certificate verified. */
export interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly ca?: string;
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** Sends a request; rejects when the connection or the certificate fails. */
export function https({
  port,
  path,
  method = "GET",
  headers = {},
  body,
  ca,
  cert,
  key,
}: Ask): Promise<Answer> {
  return new Promise((done, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        headers,
        ca: ca ?? outputs().caCertificate,
        cert,
        key,
        agent: false,
        timeout: 5000,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => done({ status: response.statusCode ?? 0, body: text }));
        response.once("error", reject);
      },
    );
    sent.once("timeout", () => sent.destroy(new Error(`no answer from port ${port} within 5 s`)));
    sent.once("error", reject);
    sent.end(body);
  });
}

const all = (): readonly MemberAccess[] => outputs().operations.members;

/** The cluster as the first member that answers sees it. */
export async function view(): Promise<ClusterView> {
  const said: string[] = [];
  for (const { name, apiPort: port } of all()) {
    try {
      const { status, body } = await https({ port, path: "/cluster" });
      if (status === 200) return JSON.parse(body) as ClusterView;
      said.push(`${name} answered ${status}`);
    } catch (error) {
      said.push(`${name}: ${String(error)}`);
    }
  }
  throw new Error(`no member shows the cluster: ${said.join(", ")}`);
}

/** Members that say that they lead. */
function leaders({ members }: ClusterView): ClusterMember[] {
  return members.filter(({ role, state }) => role === "leader" && state === "running");
}

/** The one leader. */
export async function leader(): Promise<MemberAccess> {
  const [one, ...more] = leaders(await view());
  const found = all().find(({ name }) => name === one?.name);
  if (found === undefined || more.length > 0) throw new Error("there is not exactly one leader");
  return found;
}

/** The members that do not lead. */
export async function replicas(): Promise<MemberAccess[]> {
  const { name } = await leader();
  return all().filter((member) => member.name !== name);
}

/** What a member says of itself (`GET /patroni`). */
export async function status(member: MemberAccess): Promise<Record<string, unknown>> {
  return JSON.parse((await https({ port: member.apiPort, path: "/patroni" })).body) as Record<
    string,
    unknown
  >;
}

/** Rows of a statement run as superuser by the local socket of a member. */
export async function superuser(
  member: MemberAccess,
  sql: string,
  database = "postgres",
): Promise<string[][]> {
  const argv = [
    "psql",
    "-X",
    "-q",
    "-A",
    "-t",
    "-F",
    "\t",
    "-v",
    "ON_ERROR_STOP=1",
    "-U",
    "postgres",
    "-d",
    database,
  ];
  const text = await inside(member.container, argv, { stdin: sql });
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split("\t"));
}

/** The first cell of the first row, on the leader unless told otherwise. */
export async function value(
  sql: string,
  database?: string,
  member?: MemberAccess,
): Promise<string> {
  return (await superuser(member ?? (await leader()), sql, database))[0]?.[0] ?? "";
}

/** What is wrong with the cluster of members: nothing when all is well. */
async function problems(): Promise<string[]> {
  const now = await view();
  const found: string[] = [];
  const [lead, ...more] = leaders(now);
  if (lead === undefined || more.length > 0) found.push(`${more.length + (lead ? 1 : 0)} leaders`);
  for (const { name } of all()) {
    const seen = now.members.find((member) => member.name === name);
    if (seen === undefined) found.push(`${name} is not there`);
    else if (
      seen.name !== lead?.name &&
      (seen.role !== "quorum_standby" || seen.state !== "streaming")
    )
      found.push(`${name} is ${seen.role} ${seen.state}`);
    else if (seen.timeline !== lead?.timeline)
      found.push(`${name} is on timeline ${seen.timeline}`);
    else if (seen.pending_restart) found.push(`${name} waits for a restart`);
  }
  return found;
}

/** Waits for one leader, the others quorum standbys that stream. */
export const healthy = (seconds = 90): Promise<void> =>
  untilNothing("one leader and two streaming quorum standbys", seconds, problems);
