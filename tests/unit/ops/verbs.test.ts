import { describe, expect, it } from "vitest";
import { buildProgram } from "../../../ops/main";
import type { GlobalOptions } from "../../../ops/ops";
import { containersOf, memberNamed } from "../../../ops/stack/containers";
import { parseOutputs } from "../../../ops/stack/outputs";
import { backupArguments, repositoryOf } from "../../../ops/verbs/backup";
import { consulPage, formatPage } from "../../../ops/verbs/consul";
import { psqlArguments } from "../../../ops/verbs/psql";
import { chooseMove } from "../../../ops/verbs/switchover";
import { sampleOutputs } from "./outputs";

const outputs = parseOutputs("dev", sampleOutputs());

describe("the outputs", () => {
  it("are refused by path, without a value, when they are of another kind", () => {
    const wrong = { ...sampleOutputs(), credentials: "SECRET-app", clusterName: undefined };
    expect(() => parseOutputs("dev", wrong)).toThrow(
      "cannot use the outputs (stack dev): these are missing or of another kind: clusterName, credentials. " +
        "Bring it up with this version of the project: npm run up -- --stack dev",
    );
    expect(() => parseOutputs("dev", wrong)).not.toThrow(/SECRET/);
  });

  it("tell of a stack whose cluster is not up", () => {
    expect(() => parseOutputs("dev", {})).toThrow(/its cluster was never up, or is down/);
  });
});

describe("names on the command line", () => {
  const names = (word?: string) =>
    containersOf(outputs, word).map(({ access }) => access.container);
  it("may be a kind, a container, or the end of its name", () => {
    expect(names("postgres")).toEqual(["dev-local-postgres-1", "dev-local-postgres-2"]);
    expect(names("dev-local-haproxy-1")).toEqual(["dev-local-haproxy-1"]);
    expect(names("pgbouncer-replicas-1")).toEqual(["dev-local-pgbouncer-replicas-1"]);
    expect(names()).toHaveLength(10);
    expect(() => names("oracle")).toThrow(/neither a kind .* Name one of: dev-local-consul-1/);
  });

  it("mean one member", () => {
    expect(memberNamed(outputs, "postgres-2").name).toBe("dev-local-postgres-2");
    expect(() => memberNamed(outputs, "3")).toThrow(/there is none of that name/);
    const twin = { ...outputs.operations.members[0], name: "x-1" };
    const more = { ...outputs.operations, members: [...outputs.operations.members, twin] };
    expect(() => memberNamed({ ...outputs, operations: more } as typeof outputs, "1")).toThrow(
      /more than one ends in that/,
    );
  });
});

describe("switchover", () => {
  const member = (name: string, role: string, state: string, lag = 0) => ({
    name,
    role,
    state,
    lag,
  });
  const view = {
    scope: "dev",
    members: [
      member("a", "leader", "running"),
      member("b", "replica", "streaming"),
      member("c", "quorum_standby", "streaming"),
      member("d", "replica", "streaming", 1e9),
    ],
  };
  const names = ["a", "b", "c", "d"];
  it("goes to who was named, else to a synchronous standby", () => {
    expect(chooseMove(view, names, "b")).toEqual({ from: "a", to: "b" });
    expect(chooseMove(view, names, undefined)).toEqual({ from: "a", to: "c" });
    expect(chooseMove(view, names, "a")).toEqual({ from: "a", to: "a" });
  });

  it("is refused towards a member that is behind or missing, and without a leader", () => {
    expect(() => chooseMove(view, names, "d")).toThrow(/d does not stream close behind/);
    expect(() => chooseMove(view, names, "e")).toThrow(/no replica that streams could lead/);
    const headless = { ...view, members: view.members.slice(1) };
    expect(() => chooseMove(headless, names, "b")).toThrow(/there is no leader/);
  });
});

describe("what is run in containers", () => {
  it("goes by the local socket, with a person's arguments last", () => {
    expect(psqlArguments(5433, "app", ["-Atc", "select 1; -- $(id)"]).join("|")).toBe(
      "psql|--host|/run/postgresql|--port|5433|--username|postgres|--dbname|app|-Atc|select 1; -- $(id)",
    );
    expect(backupArguments("dev", "diff").at(-1)).toBe("backup");
  });

  it("needs a repository for backups", () => {
    const none = { ...outputs, operations: { ...outputs.operations, repository: null } };
    expect(repositoryOf(outputs).stanza).toBe("dev");
    expect(() => repositoryOf(none)).toThrow(/it has no backup repository/);
  });
});

describe("Consul's page", () => {
  it("shows the token only when asked", () => {
    expect(formatPage(consulPage(outputs, false), "dev")).not.toContain("SECRET");
    expect(JSON.stringify(consulPage(outputs, false))).not.toContain("SECRET");
    expect(formatPage(consulPage(outputs, true), "dev")).toContain("SECRET-viewer");
    expect(formatPage(consulPage(outputs, false), "dev")).toContain("https://127.0.0.1:8501/ui/");
  });
});

describe("the command line", () => {
  const parse = async (...args: string[]): Promise<GlobalOptions> => {
    const program = buildProgram(() => () => Promise.resolve());
    for (const command of [program, ...program.commands]) {
      command.exitOverride().configureOutput({ writeErr: () => undefined });
    }
    await program.parseAsync(args, { from: "user" });
    return program.opts<GlobalOptions>();
  };
  it("takes the common options before and after the verb", async () => {
    expect(await parse("--stack", "prod", "status", "--json")).toMatchObject({
      stack: "prod",
      json: true,
    });
    expect(await parse("switchover", "--yes", "--stack=prod")).toMatchObject({
      stack: "prod",
      yes: true,
    });
  });

  it("leaves what follows -- to psql", async () => {
    expect(await parse("psql", "-d", "app", "--", "--json", "--yes")).not.toHaveProperty("json");
  });

  it.each([
    [["dance"]],
    [["backup", "--type", "half"]],
    [["logs", "--tail", "-1"]],
    [["switchover", "--timeout", "soon"]],
    [["status", "--no-such"]],
    [["status", "--watch", "never"]],
    [["failover"]],
    [["maintenance", "pg1"]],
    [["maintenance", "pg1", "perhaps"]],
    [["firewall", "--format", "pf"]],
    [["firewall", "--clients", "all"]],
    [["show-keys"]],
  ])("refuses %j", async (args) => {
    await expect(parse(...args)).rejects.toThrow();
  });
});
