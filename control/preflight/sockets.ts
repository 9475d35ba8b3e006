/** Which ports of a host are taken, by the kernel's own tables (/proc/net). */
import ipaddr from "ipaddr.js";

/** A socket that other sockets cannot be bound beside. */
export interface BoundSocket {
  readonly protocol: "tcp" | "udp";
  /** Local address as people write it; IPv4 inside of IPv6 is IPv4. */
  readonly address: string;
  readonly port: number;
}

/** Files of the tables, as given to `grep` and `readFile`. */
export const SOCKET_TABLES = ["tcp", "tcp6", "udp", "udp6"].map((name) => `/proc/net/${name}`);

/** Kernel's number of the state in which a socket holds its port: LISTEN, and CLOSE for UDP. */
const BOUND = { tcp: "0A", udp: "07" } as const;

/** Bound sockets of one table; lines that are none, as its head, are passed over. */
export function parseSocketTable(protocol: "tcp" | "udp", text: string): BoundSocket[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /.exec(
      line,
    );
    const [, address = "", port = "", state] = match ?? [];
    if (state !== BOUND[protocol]) return [];
    return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16) }];
  });
}

/** Bound sockets of all tables as `grep -H` gives them: each line begins with its file. */
export function parseSocketTables(text: string): BoundSocket[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\/proc\/net\/(tcp|udp)6?:(.*)$/.exec(line);
    if (match === null) return [];
    return parseSocketTable(match[1] === "udp" ? "udp" : "tcp", match[2] ?? "");
  });
}

/** Whether a bound address stands in the way of another one on the same port. */
export function overlaps(bound: string, wanted: string): boolean {
  // `::` takes IPv4 too unless told otherwise, which the table does not show.
  return [bound, wanted].some((one) => one === "0.0.0.0" || one === "::") || bound === wanted;
}

/** The kernel writes addresses as 32-bit words, each in the byte order of the machine. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  );
  const address = ipaddr.fromByteArray(bytes);
  return ipaddr.process(address.toString()).toString();
}
