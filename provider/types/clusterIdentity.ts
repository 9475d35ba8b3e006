/**
 * ClusterIdentity: that there is a cluster, and which. Its Create is the one moment at which a new
 * cluster may be made: empty data volumes get a permit, without which no member runs initdb. It
 * outlives `down`, so what was recorded once is never made anew, wherever its data went.
 */
import type {
  ClusterIdentityInputs,
  ClusterIdentityState,
  MemberData,
} from "../../model/resources";
import { ControlError, finding } from "../../control/errors";
import {
  clearLook,
  dataPlace,
  lookAtData,
  permitBootstrap,
  type DataSeen,
} from "../../control/memberData";
import { TAKE_OVER, takesOver } from "../takeOver";
import { define, type CheckFailure } from "../type";
import { warn } from "../warn";

/** What was found in a place, or why nothing is known of it. */
export type Finding = (DataSeen | { readonly kind: "unknown"; readonly found: string }) & {
  /** As `dataPlace` says it. */
  readonly where: string;
};

/** Whether it is the recorded cluster's data; any is, before its identifier is known. */
function isOurs(recorded: string, seen: Finding): boolean {
  return seen.kind === "data" && (recorded === "" || seen.identifier === recorded);
}

/**
 * What lies where the recorded cluster's data should be; undefined where one place holds it, where
 * PostgreSQL never ran, or where it cannot be told: the members themselves then make no new cluster.
 */
export function lostData(
  recorded: string,
  seen: readonly Finding[],
  unreachable: number,
): string | undefined {
  if (seen.some((one) => isOurs(recorded, one))) return undefined;
  if (recorded === "" && seen.some((one) => one.kind === "permit")) return undefined;
  if (unreachable > 0 || seen.some((one) => one.kind === "unknown")) return undefined;
  return seen.map((one) => `${one.where} ${inWords(one)}`).join(", ");
}

function inWords(seen: Finding): string {
  if (seen.kind === "data") return `holds data of another cluster (${seen.identifier})`;
  return seen.kind === "permit" ? "is new" : seen.found;
}

/** The identifier that is recorded, else the one that all data found has. */
function identifierOf(recorded: string, seen: readonly Finding[]): string {
  const found = new Set(seen.flatMap((one) => (one.kind === "data" ? [one.identifier] : [])));
  return recorded === "" && found.size === 1 ? [...found].join() : recorded;
}

async function see(member: MemberData): Promise<Finding> {
  return { ...(await lookAtData(member)), where: dataPlace(member) };
}

/** Up to the first that holds the data: with one, no other can be a new cluster. */
async function look(recorded: string, members: readonly MemberData[]): Promise<Finding[]> {
  const seen: Finding[] = [];
  for (const member of members) {
    const one = await see(member).catch((error: unknown): Finding => {
      if (!(error instanceof ControlError)) throw error;
      return { kind: "unknown", where: dataPlace(member), found: finding(error) };
    });
    seen.push(one);
    if (isOurs(recorded, one)) break;
  }
  return seen;
}

async function found(inputs: ClusterIdentityInputs): Promise<ClusterIdentityState> {
  const seen = await Promise.all(inputs.members.map(see));
  if (!seen.some((one) => one.kind === "data")) {
    await Promise.all(inputs.members.map(permitBootstrap));
  }
  return { ...inputs, systemIdentifier: identifierOf("", seen) };
}

async function read(state: ClusterIdentityState): Promise<ClusterIdentityState> {
  const recorded = takesOver(state.cluster) ? "" : state.systemIdentifier;
  const seen = await look(recorded, state.members);
  for (const one of seen) {
    if (one.kind === "unknown") warn(`whether ${one.where} holds data is not known: ${one.found}`);
  }
  const lost = lostData(recorded, seen, state.unreachable);
  return {
    ...state,
    lost,
    systemIdentifier: identifierOf(recorded, seen) || state.systemIdentifier,
  };
}

/** Refused in preview, before any member starts. */
function check(olds: Partial<ClusterIdentityState>): CheckFailure[] {
  if (olds.lost == null) return [];
  const reason =
    `the data of cluster ${olds.cluster} is gone: ${olds.lost}. No member was started, and no new, ` +
    `empty cluster is put in its place. Bring one of these volumes back, or restore a backup into it, ` +
    `and run \`up\` again. Where other data is to be used on purpose: ${TAKE_OVER}=${olds.cluster}. ` +
    `To start over with an empty cluster: \`npm run down -- --delete-data\``;
  return [{ property: "members", reason }];
}

/** Delete leaves permits where they are: they lie in the volumes and go with them. */
export const clusterIdentity = define<ClusterIdentityInputs, ClusterIdentityState>({
  type: "pgha:index:ClusterIdentity",
  secretFields: [],
  computed: ["systemIdentifier"],
  check,
  create: async (inputs) => ({ id: inputs.cluster, state: await found(inputs) }),
  read,
  update: ({ systemIdentifier }, news) => Promise.resolve({ ...news, systemIdentifier }),
  delete: async ({ members }) => void (await Promise.all(members.map(clearLook))),
});
