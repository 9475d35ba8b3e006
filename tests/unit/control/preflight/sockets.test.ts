import { describe, expect, it } from "vitest";
import {
  overlaps,
  parseSocketTable,
  parseSocketTables,
} from "../../../../control/preflight/sockets";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000  5432        0 100 1 0 100 0 0 10 0
   1: 0B01000A:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
   2: 0100007F:1F48 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 0000000000000000FFFF00000B01000A:1F48 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 00000000000000000000000001000000:2000 00000000000000000000000000000000:0000 0A 00000000:00000000
`;
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue
  100: 0B01000A:206D 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0
  101: 0B01000A:D431 0B01000A:0035 01 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0
`;

describe("the kernel's table of sockets", () => {
  it("gives what listens, not what is connected", () => {
    expect(parseSocketTable("tcp", TCP)).toEqual([
      { protocol: "tcp", address: "0.0.0.0", port: 5432 },
      { protocol: "tcp", address: "10.0.1.11", port: 22 },
    ]);
    expect(parseSocketTable("udp", UDP)).toEqual([
      { protocol: "udp", address: "10.0.1.11", port: 8301 },
    ]);
  });

  it("gives IPv4 inside of IPv6 as IPv4", () => {
    expect(parseSocketTable("tcp", TCP6)).toEqual([
      { protocol: "tcp", address: "::", port: 5432 },
      { protocol: "tcp", address: "10.0.1.11", port: 8008 },
      { protocol: "tcp", address: "::1", port: 8192 },
    ]);
  });

  it("knows the tables apart in the output of grep -H", () => {
    const lines = (file: string, text: string): string =>
      text
        .split("\n")
        .filter((line) => line.includes(":"))
        .map((line) => `/proc/net/${file}:${line}\n`)
        .join("");
    const text = lines("tcp", TCP) + lines("tcp6", TCP6) + lines("udp", UDP);
    expect(parseSocketTables(text)).toEqual([
      ...parseSocketTable("tcp", TCP),
      ...parseSocketTable("tcp", TCP6),
      ...parseSocketTable("udp", UDP),
    ]);
  });

  it("is empty for what is no table", () => {
    expect(parseSocketTable("tcp", "")).toEqual([]);
    expect(parseSocketTables("grep: /proc/net/tcp: No such file\n")).toEqual([]);
  });
});

describe("two addresses on one port", () => {
  it.each([
    ["0.0.0.0", "10.0.1.11", true],
    ["::", "10.0.1.11", true],
    ["10.0.1.11", "10.0.1.11", true],
    ["127.0.0.1", "10.0.1.11", false],
    ["::1", "127.0.0.1", false],
  ])("%s stands in the way of %s: %s", (bound, wanted, expected) => {
    expect(overlaps(bound, wanted)).toBe(expected);
  });
});
