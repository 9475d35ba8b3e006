/** What is said of hosts that left the record or are reached otherwise; pure. */
import type { Forgotten } from "./forget";
import type { KeptVolume } from "./keepData";
import type { Move } from "./move";

/** What leaves the record with a host that is gone for good. */
export function forgottenText({ host, containers, volumes }: Forgotten): string {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "none" : names.join(", ");
  return [
    `Host ${host} is retired: what ran there is taken out of the record, and nothing there is asked or removed.`,
    `  ${containers.length} containers: ${list(containers)}`,
    `  ${volumes.length} volumes: ${list(volumes)}`,
    `  The data on ${host} was not touched. The machine must not come back as it is: its containers would start ` +
      "with the data and keys of the cluster. Remove them there, or install it anew, before it is connected again.",
  ].join("\n");
}

/** What is said to a command that asks a host which is gone for good. */
export function stillRecordedText(host: string): string {
  return (
    `Host ${host} is retired, and what ran there is still recorded: this command asks it. ` +
    "The next `npm run up` takes it out of the record."
  );
}

/** What changes for a host that is reached otherwise than recorded. */
export function movedText({ was, now }: Move): string {
  const what =
    was.docker === now.docker
      ? `has another ssh host key at ${now.docker} than recorded`
      : `is reached by ${now.docker} instead of ${was.docker}`;
  return (
    `Host ${now.name} ${what}: the record follows, ` + "and what is missing on it is made anew."
  );
}

/** What is said of the data of a part that leaves. */
export function keptText({ host, volume }: KeptVolume): string {
  return (
    `Volume ${volume} on host ${host} stays where it is and leaves the record: it holds the data of a part that ` +
    `leaves the cluster. When it is of no more use, remove it there: docker volume rm ${volume}`
  );
}
