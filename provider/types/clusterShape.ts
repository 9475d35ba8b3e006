/** ClusterShape: refuses in preview what would cost data or quorum. Holds nothing, reaches nothing. */
import type { ClusterShapeInputs } from "../../model/resources";
import { same } from "../diff";
import { quorumOf, tooFewMembers } from "../quorum";
import { define, type CheckFailure } from "../type";

function without(old: readonly string[], now: readonly string[]): string[] {
  return old.filter((name) => !now.includes(name));
}

/** Members that hold the data and can be reached are counted: a new one has none yet. */
function memberFailures(
  old: readonly string[],
  { members: now, out, synchronous }: ClusterShapeInputs,
): CheckFailure[] {
  const property = "members";
  const removed = without(old, now);
  const kept = without(old, removed);
  const there = without(kept, out);
  if (kept.length === 0) {
    const reason = `none of ${old.join(", ")} would stay, and their data with them: keep at least one; a new cluster is a new stack`;
    return [{ property, reason }];
  }
  if (removed.length > 1) {
    const reason = `${removed.join(", ")} would be removed at once: remove one member, run \`up\`, then the next`;
    return [{ property, reason }];
  }
  if (removed.length > 0 && there.length < (synchronous ? 2 : 1)) {
    const [rest, end] =
      there.length === 0
        ? ["none", ""]
        : ["only one", ", with no standby for `failover.synchronous`"];
    const reason = `${removed.join(", ")} would be removed, and of the members that hold the data ${rest} would stay${outText(kept, out)}${end}: add another member and run \`up\` first, bring back what is out, or set \`failover.synchronous\` to off`;
    return [{ property, reason }];
  }
  return [];
}

/** ` (m3 is out)`; nothing where none of them is. */
function outText(names: readonly string[], out: readonly string[]): string {
  const away = names.filter((name) => out.includes(name));
  return away.length === 0 ? "" : ` (${away.join(", ")}: out, on hosts that are unreachable)`;
}

/** A role may own what others need, and its password is nowhere else: it is locked, not removed. */
function userFailures(old: readonly string[], now: readonly string[]): CheckFailure[] {
  const removed = without(old, now);
  if (removed.length === 0) return [];
  const reason = `${removed.join(", ")} would be removed, but a role and what it owns are never dropped by \`up\`: leave the entry in, and lock the user with \`login: false\``;
  return [{ property: "users", reason }];
}

/** A restart of the only standby that can be reached would leave its leader alone, and then the other way. */
function restartFailures(
  old: ClusterShapeInputs["restartParameters"],
  { members, out, restartParameters: now }: ClusterShapeInputs,
): CheckFailure[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => !same(old[name], now[name]))
    .sort();
  const near = without(members, out);
  if (
    names.length === 0 ||
    !tooFewMembers({ near: near.length, out: members.length - near.length })
  )
    return [];
  const reason =
    `${names.join(", ")} would have every member restart${outText(members, out)}: without the one that restarts there would be no leader ` +
    "with a streaming replica. Bring the host back first, or undo the change";
  return [{ property: "restartParameters", reason }];
}

type Servers = Readonly<Record<string, string>>;

/** The others find a server by its address: of those that stay, a majority must keep theirs. */
function addressFailures(old: Servers, now: Servers): CheckFailure[] {
  const moved = Object.keys(old).filter((name) => name in now && old[name] !== now[name]);
  const kept = Object.keys(old).length - moved.length;
  if (moved.length === 0 || kept >= quorumOf(Object.keys(old).length)) return [];
  const list = moved.map((name) => `${name} from ${old[name]} to ${now[name]}`).join(", ");
  const reason = `${list}: Consul servers know each other by address and RPC port, and too many would change at once, which loses the quorum for good. Set \`ports.consulRpc\`, \`network.subnet\` and the addresses back`;
  return [{ property: "consulServers", reason }];
}

function serverFailures(
  old: readonly string[],
  now: readonly string[],
  out: readonly string[],
): CheckFailure[] {
  const removed = without(old, now);
  const kept = without(old, removed);
  const there = without(kept, out);
  const quorum = quorumOf(old.length);
  if (removed.length === 0 || there.length >= quorum) return [];
  const reason =
    `${removed.join(", ")} would be removed and ${there.length} of ${old.length} Consul servers stay${outText(kept, out)}, fewer than their ` +
    `quorum of ${quorum}: Consul would elect no leader and PostgreSQL become read-only. Replace ` +
    (old.length < 3
      ? "nothing: go to three servers first, adding two"
      : "one server, run `up`, then the next");
  return [{ property: "consulServers", reason }];
}

/**
 * What forbids the step from the old shape to the new one; nothing for a new cluster. Each reason
 * starts as the lines of provider/plan do, which say what is done hot and what rolling.
 */
export function shapeFailures(
  olds: Partial<ClusterShapeInputs>,
  news: ClusterShapeInputs,
): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (olds.cluster !== undefined && olds.cluster !== news.cluster) {
    const reason = `it is the name of every container and volume and cannot change from "${olds.cluster}" to "${news.cluster}": set it back, or make a new stack and restore a backup there`;
    failures.push({ property: "cluster", reason });
  }
  if (olds.postgresVersion !== undefined && olds.postgresVersion !== news.postgresVersion) {
    const reason = `it cannot change from ${olds.postgresVersion} to ${news.postgresVersion} by \`up\`: data of one major version is unreadable to another. Set it back; the way is a second cluster beside this one (docs/servers.md, A new version)`;
    failures.push({ property: "postgresVersion", reason });
  }
  if (olds.members !== undefined) failures.push(...memberFailures(olds.members, news));
  if (olds.restartParameters !== undefined)
    failures.push(...restartFailures(olds.restartParameters, news));
  if (olds.users !== undefined) failures.push(...userFailures(olds.users, news.users));
  if (olds.baseSuite !== undefined && olds.baseSuite !== news.baseSuite) {
    const reason = `it cannot change from ${olds.baseSuite} to ${news.baseSuite} by \`up\`: another libc orders texts otherwise, and indexes would be wrong without a sign. Set it back; the way is a second cluster beside this one (docs/servers.md, A new version)`;
    failures.push({ property: "baseSuite", reason });
  }
  if (olds.consulServers !== undefined) {
    const [old, now] = [olds.consulServers, news.consulServers];
    failures.push(
      ...serverFailures(Object.keys(old), Object.keys(now), news.out),
      ...addressFailures(old, now),
    );
  }
  return failures.map(({ property, reason }) => ({ property, reason: `refused: ${reason}` }));
}

/** Delete does nothing. */
export const clusterShape = define<ClusterShapeInputs, ClusterShapeInputs>({
  type: "pgha:index:ClusterShape",
  secretFields: [],
  computed: [],
  check: shapeFailures,
  create: (inputs) => Promise.resolve({ id: inputs.cluster, state: inputs }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => Promise.resolve(news),
  delete: () => Promise.resolve(),
});
