import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { first } from "../harness/outputs";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import { aside, healthy, members, outputs, targets, useCluster } from "./stack/cluster";
import { ops, tryOps } from "./stack/commands";
import { hostNames } from "./stack/config";
import { on } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";
import { MOST_STALL_MS } from "./stack/limits";

useCluster();

const NOBODY = "198.51.100.0/24";
const HOST = "pg1";

/** How rules of a format are loaded from stdin, and how they are taken away. */
const FORMATS = {
  nft: {
    load: ["nft", "-f", "-"],
    clear: ["nft", "delete", "table", "inet", `postgres_ha_${cluster.replaceAll("-", "_")}`],
  },
  iptables: {
    load: ["sh", "-s"],
    clear: [
      "sh",
      "-c",
      `for from in DOCKER-USER INPUT; do iptables -w -D $from -j PGHA-${cluster}; done
       iptables -w -F PGHA-${cluster} && iptables -w -X PGHA-${cluster}`,
    ],
  },
} as const;

/** This machine, as the hosts see it. */
const machine = () => lab.host(HOST).address.replace(/\d+$/, "1/32");

/** Whether a connection from this machine to a port is answered; dropped packets are not. */
function open(port: number, host = lab.host(HOST).address): Promise<boolean> {
  return new Promise((done) => {
    const socket = new Socket();
    const end = (is: boolean) => () => {
      socket.destroy();
      done(is);
    };
    socket.setTimeout(2000, end(false)).on("connect", end(true)).on("error", end(false));
    socket.connect(port, host);
  });
}

async function openPorts(ports: readonly number[]): Promise<number[]> {
  const found = await Promise.all(ports.map(async (port) => ((await open(port)) ? [port] : [])));
  return found.flat();
}

const CLIENTS = [5000, 5001, 5432, 6432, 6433];
const OPERATOR = [7000, 8008, 8501];
const PEERS = [8300, 8301, 8391, 8591, 8432, 8433];

describe.each(Object.entries(FORMATS))(
  "the rules that `ops -- firewall` prints for %s",
  (format, { load, clear }) => {
    let writers: Writers;

    async function apply(clients: string, operators: string): Promise<void> {
      const args = ["--json", "firewall", "--format", format];
      const { stdout } = await ops([...args, "--clients", clients, "--operators", operators]);
      const printed = JSON.parse(stdout) as { host: string; rules: string }[];
      expect(printed.map(({ host }) => host)).toEqual(hostNames());
      // Twice: loading them again replaces what they made.
      for (const { host, rules } of [...printed, ...printed])
        await on(host, load, { stdin: rules });
    }

    beforeAll(async () => {
      expect(await openPorts([...CLIENTS, ...OPERATOR, ...PEERS])).toEqual([
        ...CLIENTS,
        ...OPERATOR,
        ...PEERS,
      ]);
      writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
    });

    afterAll(async () => {
      await writers.stop();
      // Every host is cleared, whatever another one says: rules that stay would be met by later files.
      const cleared = await Promise.allSettled(hostNames().map((name) => on(name, clear)));
      expect(cleared.filter(({ status }) => status === "rejected")).toEqual([]);
      await healthy();
      await writers.clear();
      expect(await open(8501)).toBe(true);
    }, 180_000);

    it("let in applications alone, and the cluster works on behind them", async () => {
      const old = await members.leader();
      await apply(machine(), NOBODY);
      expect(await openPorts([...CLIENTS, ...OPERATOR, ...PEERS])).toEqual(CLIENTS);
      const to = first(outputs().operations.members.filter(({ name }) => name !== old.name));
      await ops(["switchover", "--to", to.name]);
      await writers.goesOn(Date.now(), 30);
      await untilNothing("`ops -- status` healthy", 60, async () => {
        const { stdout } = await tryOps(["--json", "status"], { keep: false });
        return (JSON.parse(stdout) as { problems: string[] }).problems;
      });
      const figures = await writers.stop();
      expect(figures).toMatchObject({ failed: 0, unknown: 0, moves: 0 });
      expect(figures.stallMs).toBeLessThan(MOST_STALL_MS);
      expect(await writers.verify()).toEqual([]);
    }, 240_000);

    it("let in people and their monitoring alone", async () => {
      await apply(NOBODY, machine());
      expect(await openPorts([...CLIENTS, ...OPERATOR, ...PEERS])).toEqual(OPERATOR);
      // No port is needed for the verbs, as they go by ssh; the cluster is whole, for all that is closed.
      expect((await ops(["status"])).code).toBe(0);
      expect((await ops(["psql", "--", "-XAtc", "SELECT 6 * 7"])).stdout.trim()).toBe("42");
    }, 90_000);
  },
);
