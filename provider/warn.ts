/**
 * What the provider's process says to people. It goes to the engine, which shows it among the
 * command's diagnostics: of what a plugin writes to stderr it shows nothing but with `--debug`.
 */
import { info, warn as warning } from "@pulumi/pulumi/log";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";

let connected = false;
/** Each text once: what keeps twenty resources from being read is one message. */
const said = new Set<string>();
const underway = new Set<Promise<void>>();

/** Speaks to the engine at an address from now on; without one, to stderr. */
export function speakTo(engine: string | undefined): void {
  if (engine === undefined) return;
  resetOptions("", "", -1, engine, "", false, "");
  connected = true;
}

/** Says something that a person may want to know and that stops nothing. */
export function warn(message: string): void {
  once(`warning: ${message}`, () => warning(message));
}

/** Says what is going to be done; stays among the diagnostics. */
export function tell(message: string): void {
  once(message, () => info(message));
}

/** Says how far something is; not kept. */
export function say(message: string): void {
  send(message, () => info(message, undefined, undefined, true));
}

/** Returns when everything that was said has arrived: the engine ends the process at any time. */
export async function delivered(): Promise<void> {
  await Promise.all(underway);
}

function once(text: string, deliver: () => Promise<void>): void {
  if (said.has(text)) return;
  said.add(text);
  send(text, deliver);
}

function send(text: string, deliver: () => Promise<void>): void {
  if (!connected) {
    process.stderr.write(`${text}\n`);
    return;
  }
  const delivery = deliver().finally(() => underway.delete(delivery));
  underway.add(delivery);
}
