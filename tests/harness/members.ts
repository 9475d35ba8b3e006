import type { ClusterMember, ClusterView } from "../../control/patroni";
import type { MemberAccess } from "../../model/access";
import { https } from "./https";
import type { Outputs } from "./outputs";
import { untilNothing } from "./wait";

/** How the members of a cluster are reached. */
export interface Reach {
  readonly outputs: () => Outputs;
  /** Runs a program in a member's container, and gives what it printed. */
  readonly inside: (member: MemberAccess, argv: string[], stdin: string) => Promise<string>;
}

const PSQL = [
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
];

/** The members of a cluster, asked from this machine. */
export class Members {
  constructor(private readonly reach: Reach) {}

  /** The cluster as the first member that answers sees it. */
  async view(): Promise<ClusterView> {
    const said: string[] = [];
    for (const member of this.all()) {
      try {
        const { status, body } = await this.ask(member, "/cluster");
        if (status === 200) return JSON.parse(body) as ClusterView;
        said.push(`${member.name} answered ${status}`);
      } catch (error) {
        said.push(`${member.name}: ${String(error)}`);
      }
    }
    throw new Error(`no member shows the cluster: ${said.join(", ")}`);
  }

  /** The one leader. */
  async leader(): Promise<MemberAccess> {
    const [one, ...more] = leaders(await this.view());
    const found = this.all().find(({ name }) => name === one?.name);
    if (found === undefined || more.length > 0) throw new Error("there is not exactly one leader");
    return found;
  }

  /** The members that do not lead. */
  async replicas(): Promise<MemberAccess[]> {
    const { name } = await this.leader();
    return this.all().filter((member) => member.name !== name);
  }

  /** What a member says of itself (`GET /patroni`). */
  async status(member: MemberAccess): Promise<Record<string, unknown>> {
    return JSON.parse((await this.ask(member, "/patroni")).body) as Record<string, unknown>;
  }

  /** Rows of a statement run as superuser by the local socket of a member. */
  async superuser(member: MemberAccess, sql: string, database = "postgres"): Promise<string[][]> {
    const text = await this.reach.inside(member, [...PSQL, "-d", database], sql);
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split("\t"));
  }

  /** The first cell of the first row, on the leader unless told otherwise. */
  async value(sql: string, database?: string, member?: MemberAccess): Promise<string> {
    return (await this.superuser(member ?? (await this.leader()), sql, database))[0]?.[0] ?? "";
  }

  /** Waits for one leader, all others quorum standbys that stream. */
  async healthy(seconds = 90): Promise<void> {
    const what = "one leader, all others streaming quorum standbys";
    await untilNothing(what, seconds, () => this.problems());
  }

  /** What is wrong with the cluster of members: nothing when all is well. */
  private async problems(): Promise<string[]> {
    const { members } = await this.view();
    const [lead, ...more] = leaders({ members });
    const count = more.length + (lead ? 1 : 0);
    return [
      ...(count === 1 ? [] : [`${count} leaders`]),
      ...this.all().flatMap(({ name }) => {
        const seen = members.find((member) => member.name === name);
        return seen === undefined ? [`${name} is not there`] : oneProblem(seen, lead);
      }),
      ...members
        .filter(({ name }) => !this.all().some((member) => member.name === name))
        .map(({ name }) => `${name} is there`),
    ];
  }

  private all(): readonly MemberAccess[] {
    return this.reach.outputs().operations.members;
  }

  private ask({ name }: MemberAccess, path: string) {
    const { members, caCertificate: ca } = this.reach.outputs();
    const found = members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`the outputs have no member ${name}`);
    return https({ host: found.address, port: found.apiPort, path, ca });
  }
}

function oneProblem(seen: ClusterMember, lead: ClusterMember | undefined): string[] {
  const { name, role, state } = seen;
  if (name !== lead?.name && (role !== "quorum_standby" || state !== "streaming"))
    return [`${name} is ${role} ${state}`];
  if (seen.timeline !== lead?.timeline) return [`${name} is on timeline ${seen.timeline}`];
  return seen.pending_restart ? [`${name} waits for a restart`] : [];
}

/** Members that say that they lead. */
function leaders({ members }: Pick<ClusterView, "members">): ClusterMember[] {
  return members.filter(({ role, state }) => role === "leader" && state === "running");
}
