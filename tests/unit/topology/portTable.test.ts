import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planTopology, portsOf, type PortUser } from "../../../model/topology";
import { stackConfig } from "./stacks";

const USERS: PortUser[] = ["peers", "clients", "operator"];

/** The table of docs/servers.md: `5432/tcp peers` -> what is said there, empty for nobody. */
function documented(): Map<string, string> {
  const text = readFileSync(join(__dirname, "../../../docs/servers.md"), "utf8");
  const rows =
    text
      .match(/^\| port \|[^]*?\n\n/m)?.[0]
      .split("\n")
      .slice(2) ?? [];
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  return new Map(
    cells.flatMap(([, where = "", , ...users]) =>
      [...where.matchAll(/\d{4}/g)].flatMap(([port]) =>
        [...where.matchAll(/tcp|udp/g)].flatMap(([protocol]) =>
          USERS.map((user, i) => [`${port}/${protocol} ${user}`, users[i] ?? ""] as const),
        ),
      ),
    ),
  );
}

describe("the port table of docs/servers.md", () => {
  const prod = planTopology(stackConfig("prod"));
  const rows = prod.hosts.flatMap((host) => portsOf(prod, host));
  const planned = new Set(rows.map(({ port, protocol, from }) => `${port}/${protocol} ${from}`));
  const table = documented();

  it("has every port that a host publishes", () => {
    const ports = new Set(rows.map(({ port, protocol }) => `${port}/${protocol}`));
    const told = new Set([...table.keys()].map((key) => key.split(" ")[0]));
    expect([...told].sort()).toEqual([...ports].sort());
  });

  it("says who reaches which, as the rules of `firewall` do", () => {
    // "where ...": only in clusters of another shape than Pulumi.prod.yaml has.
    const sure = [...table].filter(([, said]) => !said.startsWith("where PgBouncer"));
    const told = sure.filter(([, said]) => said !== "").map(([key]) => key);
    const named = sure.map(([key]) => key).filter((key) => planned.has(key));
    expect(told.sort()).toEqual(named.sort());
  });
});
