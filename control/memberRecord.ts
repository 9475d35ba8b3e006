/** What Patroni keeps of a member that is gone: its key in Consul, its replication slots. */
import type { MemberAccess } from "../model/access";
import { changeSome } from "./consulNodes";
import { readConsul, type ConsulRequest, type ConsulSession } from "./consul";
import { ControlError, UnreachableError, describe } from "./errors";
import { getConfig, patchConfig } from "./patroni";
import { presence } from "./presence";
import { onMember, sqlState } from "./sqlSession";
import { NotYet, until } from "./until";

const KEY_MS = 60_000;
const SLOT_MS = 90_000;
/** Patroni's setting for how long the slot of an absent member is kept, in seconds. */
const SLOTS_TTL = "member_slots_ttl";

/** A member that has left, and what knows of it. */
export interface Departed {
  /** Scope of Patroni. */
  readonly cluster: string;
  readonly member: string;
  /** The other members. */
  readonly others: readonly MemberAccess[];
  readonly consul: ConsulSession;
  readonly note: (text: string) => void;
}

/** The name that Patroni gives to the replication slot of a member. */
export function slotName(member: string): string {
  const coded = (char: string): string =>
    "-.".includes(char) ? "_" : `u${String(char.codePointAt(0)).padStart(4, "0")}`;
  return member
    .toLowerCase()
    .replace(/[^a-z0-9_]/gu, coded)
    .slice(0, 63);
}

/**
 * Makes Patroni forget a member whose container is gone: its key goes, and then its slot on every
 * other member that runs, which would hold WAL back for half an hour.
 */
export async function forgetMember(departed: Departed): Promise<void> {
  const { others } = departed;
  await failing(departed, () => removeKey(departed));
  const { running } = await presence(others);
  if (running.length > 0) await failing(departed, () => removeSlots(departed, running));
}

interface KeyValue {
  readonly Key: string;
  /** Base64. */
  readonly Value: string | null;
  readonly Session?: string | undefined;
}

/** The key goes by itself when its session ends; a session that ends now takes it along. */
async function removeKey({ cluster, member, consul }: Departed): Promise<void> {
  const key = `/v1/kv/service/${cluster}/members/${encodeURIComponent(member)}`;
  const retry = (error: unknown): boolean => error instanceof ControlError;
  await until(`no key of ${member} in Consul`, { timeoutMs: KEY_MS, retry }, async () => {
    const [found] = (await readConsul<KeyValue[]>(consul, key)) ?? [];
    if (found === undefined) return;
    const { Session: session } = found;
    const end: ConsulRequest[] =
      session === undefined ? [] : [{ method: "PUT", path: `/v1/session/destroy/${session}` }];
    await changeSome(consul, [...end, { method: "DELETE", path: key }]);
    throw new NotYet("it is there");
  });
}

/**
 * A slot that is dropped by hand Patroni makes again, for as long as it keeps that of an absent
 * member. So it is told to keep none for a moment, where no other member is absent.
 */
async function removeSlots(departed: Departed, running: readonly MemberAccess[]): Promise<void> {
  const slot = slotName(departed.member);
  if ((await holders(running, slot)).length === 0) return;
  const absent = await absentSlots(departed);
  if (absent.length > 0) {
    departed.note(
      `the replication slot ${slot} stays for up to 30 minutes, until Patroni itself drops it: ` +
        `members with the slots ${absent.join(", ")} are away too, and need theirs`,
    );
    return;
  }
  const before = (await getConfig(running))?.[SLOTS_TTL] ?? null;
  await patchConfig(running, { [SLOTS_TTL]: 1 });
  try {
    await until(
      `no replication slot ${slot}`,
      { timeoutMs: SLOT_MS, intervalMs: 500 },
      async () => {
        const left = await holders(running, slot);
        if (left.length > 0) throw new NotYet(left.join(", "));
      },
    );
  } finally {
    await patchConfig(running, { [SLOTS_TTL]: before });
  }
}

/** Slots that Patroni keeps for other members that are absent. */
async function absentSlots({ cluster, member, consul }: Departed): Promise<string[]> {
  const root = `service/${cluster}/`;
  const [status] = (await readConsul<KeyValue[]>(consul, `/v1/kv/${root}status`)) ?? [];
  const text = Buffer.from(status?.Value ?? "", "base64").toString() || "{}";
  const { retain_slots: kept } = JSON.parse(text) as { retain_slots?: string[] | null };
  const keys = (await readConsul<string[]>(consul, `/v1/kv/${root}members/?keys`)) ?? [];
  const present = keys.map((key) => slotName(key.slice(`${root}members/`.length)));
  return (kept ?? []).filter((slot) => slot !== slotName(member) && !present.includes(slot));
}

/** One sentence for each member that has the slot, or cannot tell now. */
async function holders(members: readonly MemberAccess[], slot: string): Promise<string[]> {
  const looks = members.map(async (member) => {
    const found = await slotState(member, slot);
    return found === undefined ? [] : [`on ${member.name} it is ${found}`];
  });
  return (await Promise.all(looks)).flat();
}

async function slotState(member: MemberAccess, slot: string): Promise<string | undefined> {
  try {
    return await onMember(member, "postgres", async (client) => {
      const { rows } = await client.query<{ active: boolean }>(
        "SELECT active FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'physical'",
        [slot],
      );
      if (rows[0] === undefined) return undefined;
      return rows[0].active ? "in use" : "kept";
    });
  } catch (error) {
    if (error instanceof UnreachableError || sqlState(error) !== undefined)
      return `unknown: ${describe(error)}`;
    throw error;
  }
}

async function failing({ member, cluster }: Departed, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new ControlError(
      {
        doing: `make Patroni forget ${member}`,
        where: `cluster ${cluster}`,
        found: describe(error),
        remedy:
          "Its container is gone. Make sure that no process of it runs anywhere, and that the cluster has a " +
          "leader, then run `up` again: it goes on from here. To take down the whole cluster: `npm run down`.",
      },
      error,
    );
  }
}
