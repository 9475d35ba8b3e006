/** What a Delete asks first: whether there is anybody for whom to leave in order. */
import type { ContainerAccess } from "../model/access";
import { presence } from "../control/presence";
import { warn } from "./warn";

/** Whether the whole cluster goes, and its parts need not leave in order: set by `npm run down`. */
export function takesDown(): boolean {
  return process.env.PGHA_TAKE_DOWN === "1";
}

/** Whether no Consul server runs, so that there is nobody to forget a part; that is told. */
export async function nobodyKnows(
  part: string,
  servers: readonly ContainerAccess[],
): Promise<boolean> {
  const { running, unknown } = await presence(servers);
  if (running.length > 0 || unknown.length > 0) return false;
  warn(`no other Consul server runs: there is nobody to forget ${part}`);
  return true;
}
