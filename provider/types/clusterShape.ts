/** ClusterShape: refuses in preview what would cost data or quorum. Holds nothing, reaches nothing. */
import type { ClusterShapeInputs } from "../../model/resources";
import { define, type CheckFailure } from "../type";

function without(old: readonly string[], now: readonly string[]): string[] {
  return old.filter((name) => !now.includes(name));
}

function memberFailures(old: readonly string[], now: readonly string[]): CheckFailure[] {
  const property = "members";
  const removed = without(old, now);
  const kept = old.length - removed.length;
  if (kept === 0) {
    const reason = `none of ${old.join(", ")} would stay, and their data with them: keep at least one; a new cluster is a new stack`;
    return [{ property, reason }];
  }
  if (removed.length > 1) {
    const reason = `${removed.join(", ")} would be removed at once: remove one member, run \`up\`, then the next`;
    return [{ property, reason }];
  }
  return [];
}

function serverFailures(old: readonly string[], now: readonly string[]): CheckFailure[] {
  const removed = without(old, now);
  const kept = old.length - removed.length;
  const quorum = Math.floor(old.length / 2) + 1;
  if (kept >= quorum) return [];
  const reason =
    `${removed.join(", ")} would be removed and ${kept} of ${old.length} Consul servers stay, fewer than their ` +
    `quorum of ${quorum}: Consul would elect no leader and PostgreSQL become read-only. Replace ` +
    (old.length < 3
      ? "nothing: go to three servers first, adding two"
      : "one server, run `up`, then the next");
  return [{ property: "consulServers", reason }];
}

/** What forbids the step from the old shape to the new one; nothing for a new cluster. */
export function shapeFailures(
  olds: Partial<ClusterShapeInputs>,
  news: ClusterShapeInputs,
): CheckFailure[] {
  const failures: CheckFailure[] = [];
  if (olds.cluster !== undefined && olds.cluster !== news.cluster) {
    const reason = `is the name of every container and volume and cannot change from "${olds.cluster}" to "${news.cluster}": set it back, or make a new stack and restore a backup there`;
    failures.push({ property: "cluster", reason });
  }
  if (olds.postgresVersion !== undefined && olds.postgresVersion !== news.postgresVersion) {
    const reason = `cannot change from ${olds.postgresVersion} to ${news.postgresVersion} by \`up\`: data of one major version is unreadable to another. Set it back; a major upgrade is a procedure of its own`;
    failures.push({ property: "postgresVersion", reason });
  }
  if (olds.members !== undefined) failures.push(...memberFailures(olds.members, news.members));
  if (olds.consulServers !== undefined)
    failures.push(...serverFailures(olds.consulServers, news.consulServers));
  return failures;
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
