import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { runPulumi } from "../../../setup/pulumi";
import { type Deployment, nameOf } from "../../../setup/record/deployment";
import { good, type Raw } from "../config/good";
import { accessOf, recorded } from "./record/deployment";

/** A call of the CLI, as the stand-in for it saw it. */
interface Call {
  args: string[];
  takeDown?: string;
  backend?: string;
  /** The record that it was led to, when that is not the stack's own, or was to import. */
  record?: { deployment?: Deployment; checkpoint?: { latest?: Deployment } };
}

const STACK = "prod";
const CLI = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const args = process.argv.slice(2);
const backend = process.env.PULUMI_BACKEND_URL;
const scratch = backend.slice(7) + "/.pulumi/stacks/postgres-ha/${STACK}.json";
const file = args[1] === "import" ? args[args.indexOf("--file") + 1] : scratch;
const record = existsSync(file) ? JSON.parse(readFileSync(file)) : undefined;
const call = { args, takeDown: process.env.PGHA_TAKE_DOWN, backend, record };
appendFileSync(process.env.CALLS, JSON.stringify(call) + "\\n");
if (args[0] === process.env.FAILS) {
  console.log("Previewing\\nDiagnostics:\\n  members: refused");
  process.exit(255);
}
`;

let folder: string;
let stderr: MockInstance<typeof process.stderr.write>;
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-changes-"));
  for (const name of ["PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "PGHA_TAKE_DOWN"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("PGHA_STATE", join(folder, "state"));
  vi.stubEnv("PGHA_TOOLS", join(folder, "tools"));
  vi.stubEnv("CALLS", join(folder, "calls"));
  put(join(folder, "tools", "bin", "pulumi"), CLI);
  chmodSync(join(folder, "tools", "bin", "pulumi"), 0o755);
  put(join(folder, "calls"), "");
  put(join(folder, "state", "passphrase"), "of the tests");
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A stack file whose hosts are changed as told; gives the flags that name it. */
function stackFile(change: (hosts: Raw[]) => void): string[] {
  const config = good();
  const hosts = config["hosts"] as Raw[];
  change(hosts);
  const file = join(folder, "stack.yaml");
  const keys = Object.entries(config).map(([key, value]) => [`postgres-ha:${key}`, value]);
  put(file, JSON.stringify({ config: Object.fromEntries(keys) as object }));
  return ["--stack", STACK, "--config-file", file];
}

function state(deployment: Deployment): void {
  const checkpoint = { stack: `organization/postgres-ha/${STACK}`, latest: deployment };
  const text = JSON.stringify({ version: 3, checkpoint });
  put(join(folder, "state", "backend", ".pulumi", "stacks", "postgres-ha", `${STACK}.json`), text);
}

/** Another command holds the stack's lock. */
function atWork(): void {
  const locks = "state/backend/.pulumi/locks/organization/postgres-ha";
  const text = JSON.stringify({ pid: 1, hostname: "elsewhere" });
  put(join(folder, locks, STACK, "1.json"), text);
}

const calls = (): Call[] =>
  readFileSync(join(folder, "calls"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
const said = (): string => stderr.mock.calls.map(([text]) => String(text)).join("");
const namesIn = (deployment: Deployment | undefined): string[] =>
  (deployment?.resources ?? []).map(nameOf);

/** pg2 is gone for good; pg1 has a second Consul server in its place. */
const retire = (): string[] =>
  stackFile((hosts) => {
    Object.assign(hosts[0] as Raw, { runs: { consul: 2, postgres: 1, haproxy: 1, pgbouncer: 1 } });
    Object.assign(hosts[1] as Raw, { state: "retired" });
  });

describe("a host that is gone for good", () => {
  it("leaves the record before `up`, tried out first", async () => {
    state(recorded());
    expect(await runPulumi(["up", ...retire()])).toBe(0);
    expect(calls().map(({ args }) => args.slice(0, 2).join(" "))).toEqual([
      "preview --stack",
      "stack import",
      "up --stack",
    ]);
    const [tried, imported, up] = calls();
    expect(namesIn(tried?.record?.checkpoint?.latest)).not.toContain("orders-pg2-postgres-1-data");
    expect(tried?.args).toContain("--refresh=false");
    expect(tried?.backend).not.toBe(up?.backend);
    expect(existsSync(tried?.backend?.slice("file://".length) ?? "")).toBe(false);
    expect(imported?.record?.deployment).toEqual(tried?.record?.checkpoint?.latest);
    expect(said()).toContain("1 volumes: orders-pg2-postgres-1-data");
    expect(said()).toContain("must not come back");
  });

  it("stays recorded when the program refuses that it goes", async () => {
    state(recorded());
    vi.stubEnv("FAILS", "preview");
    await expect(runPulumi(["up", ...retire()])).rejects.toThrow(
      /what ran on pg2 \(retired\) failed[^]*Diagnostics:\n {2}members: refused/,
    );
    expect(calls().map(({ args }) => args[0])).toEqual(["preview"]);
    expect(said()).not.toContain("taken out of the record");
  });

  it("is left out of a preview, which writes nothing", async () => {
    state(recorded());
    expect(await runPulumi(["preview", ...retire()])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["preview"]);
    expect(calls()[0]?.args).not.toContain("--refresh=false");
    expect(namesIn(calls()[0]?.record?.checkpoint?.latest)).not.toContain("orders-stanza");
    expect(existsSync(calls()[0]?.backend?.slice("file://".length) ?? "")).toBe(false);
    expect(said()).toContain("of a changed copy");
  });

  it("costs nothing once it is out, and nothing in a stack that has no record yet", async () => {
    expect(await runPulumi(["up", ...retire()])).toBe(0);
    const pg1 = recorded().resources?.filter((one) => !JSON.stringify(one).includes("pg2"));
    state({ resources: pg1 ?? [] });
    expect(await runPulumi(["up", ...retire()])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["up", "up"]);
  });

  it("is told of by a refresh, which asks it", async () => {
    state(recorded());
    expect(await runPulumi(["refresh", ...retire()])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["refresh"]);
    expect(said()).toContain("still recorded: this command asks it");
  });

  it("is left to the CLI while another command is at work", async () => {
    state(recorded());
    atWork();
    expect(await runPulumi(["up", ...retire()])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["up"]);
  });
});

/** pg2 is out for now. */
const away = (): string[] =>
  stackFile((hosts) => Object.assign(hosts[1] as Raw, { state: "unreachable" }));
const verbs = (): (string | undefined)[] => calls().map(({ args }) => args[0]);

describe("a host that is out for now", () => {
  it("is not asked: the others are, before `up`", async () => {
    state(recorded());
    expect(await runPulumi(["up", ...away()])).toBe(0);
    expect(verbs()).toEqual(["stack", "refresh", "up"]);
    const [imported, refresh, up] = calls();
    expect(namesIn(imported?.record?.deployment)).toEqual(namesIn(recorded()));
    expect(refresh?.args).toEqual(expect.arrayContaining(["--yes", "--skip-preview"]));
    const targets = (refresh?.args ?? []).filter((_, i, all) => all[i - 1] === "--target");
    expect(targets.map((urn) => nameOf({ urn }))).toContain("orders-pg1-network");
    expect(targets.join()).not.toContain("::orders-pg2");
    expect(up?.args).toContain("--refresh=false");
    expect(refresh?.backend).toBe(up?.backend);
    expect(said()).toContain("drift is looked for on the others only");
  });

  it("is not asked by a preview, which writes to a copy alone", async () => {
    state(recorded());
    expect(await runPulumi(["preview", ...away()])).toBe(0);
    expect(verbs()).toEqual(["refresh", "preview"]);
    const [refresh, preview] = calls();
    expect(preview?.args).toContain("--refresh=false");
    expect(preview?.backend).toBe(refresh?.backend);
    expect(preview?.backend).not.toContain(join(folder, "state"));
    expect(existsSync(preview?.backend?.slice("file://".length) ?? "")).toBe(false);
  });

  it("has the command end where drift cannot be looked for, and nothing is left behind", async () => {
    state(recorded());
    vi.stubEnv("FAILS", "refresh");
    await expect(runPulumi(["preview", ...away()])).rejects.toThrow(
      /without pg2 failed \(exit 255\)[^]*members: refused[^]*Hosts that do not answer:\n.*pg1/,
    );
    expect(verbs()).toEqual(["refresh"]);
    expect(existsSync(calls()[0]?.backend?.slice("file://".length) ?? "")).toBe(false);
  });

  it("asks nothing where the person wants live state left unread, or there is no record", async () => {
    expect(await runPulumi(["up", ...away()])).toBe(0);
    state(recorded());
    expect(await runPulumi(["preview", "--refresh=false", ...away()])).toBe(0);
    expect(verbs()).toEqual(["up", "preview"]);
  });

  it("has no host asked while another command is at work", async () => {
    state(recorded());
    atWork();
    expect(await runPulumi(["up", ...away()])).toBe(0);
    expect(verbs()).toEqual(["up"]);
    expect(calls()[0]?.args).toContain("--refresh=false");
  });
});

/** A Docker engine that only says that it is there, and which. */
async function engine(name: string, id: string): Promise<string> {
  const socket = join(folder, `${name}.sock`);
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(request.url?.endsWith("/info") ? JSON.stringify({ ID: id }) : '"OK"');
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(socket, done));
  return `unix://${socket}`;
}

describe("a host that another machine took the place of", () => {
  const { docker, hostKey } = accessOf("pg1");
  const at = (engineOfRecord: string): Deployment => {
    const text = JSON.stringify(recorded());
    const way = JSON.stringify({ docker, hostKey }).slice(1, -1);
    return JSON.parse(text.replaceAll(way, `"docker":"${engineOfRecord}"`)) as Deployment;
  };
  const moveTo = (place: string): string[] =>
    stackFile((hosts) => Object.assign(hosts[0] as Raw, { docker: place, hostKey: undefined }));

  it("is recorded by its new engine before `up`, without a try", async () => {
    state(at(`unix://${folder}/nobody.sock`));
    const place = await engine("new", "B");
    expect(await runPulumi(["up", ...moveTo(place)])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["stack", "up"]);
    const image = calls()[0]?.record?.deployment?.resources?.find(
      (one) => nameOf(one) === "orders-pg1-image-postgres",
    );
    expect(image?.inputs?.host).toEqual({ name: "pg1", docker: place });
    expect(said()).toContain("Host pg1 is reached by");
  });

  it("is not recorded while it does not answer", async () => {
    state(at(`unix://${folder}/nobody.sock`));
    const up = runPulumi(["up", ...moveTo(`unix://${folder}/neither.sock`)]);
    await expect(up).rejects.toThrow(/Nothing was changed. Hosts that do not answer:\n.*pg1/);
    expect(calls()).toEqual([]);
  });

  it("is refused while the old machine answers as well", async () => {
    state(at(await engine("old", "A")));
    const up = runPulumi(["up", ...moveTo(await engine("new", "B"))]);
    await expect(up).rejects.toThrow(/both answer, and they are two engines/);
    expect(calls()).toEqual([]);
  });

  it("may be the same machine, reached otherwise", async () => {
    state(at(await engine("old", "A")));
    expect(await runPulumi(["up", ...moveTo(await engine("new", "A"))])).toBe(0);
    expect(calls().map(({ args }) => args[0])).toEqual(["stack", "up"]);
  });
});

it("says of a dead host that was taken out of the stack file how it gets out of the record", async () => {
  const text = JSON.stringify(recorded()).replaceAll(/"docker":"[^"]*","hostKey":"[^"]*"/g, () =>
    JSON.stringify({ docker: `unix://${folder}/nobody.sock` }).slice(1, -1),
  );
  state(JSON.parse(text.replaceAll("pg1", "pg9").replaceAll("pg2", "pg8")) as Deployment);
  vi.stubEnv("FAILS", "up");
  const near = stackFile((hosts) => {
    hosts.splice(1, 2);
    const runs = { consul: 3, postgres: 2, haproxy: 1 };
    Object.assign(hosts[0] as Raw, { docker: "unix:///run/x.sock", hostKey: undefined, runs });
  });
  expect(await runPulumi(["up", ...near])).toBe(255);
  expect(said()).toMatch(/Host pg9 is in the stack file no more[^]*put its entry back/);
  expect(said()).toMatch(/Host pg8 is in the stack file no more/);
});

describe("the environment of the provider", () => {
  const same = (): string[] => stackFile(() => undefined);

  it("says that the whole cluster goes, in a destroy of all of it", async () => {
    await runPulumi(["destroy", "--exclude-protected", "--yes", ...same()]);
    await runPulumi(["destroy", "--ignore-protect", ...same()]);
    expect(calls().map(({ takeDown }) => takeDown)).toEqual(["1", "1"]);
  });

  it("does not say so in anything else", async () => {
    await runPulumi(["up", ...same()]);
    await runPulumi(["destroy", "--target", "urn", ...same()]);
    await runPulumi(["destroy", "--exclude=urn", ...same()]);
    expect(calls()).toHaveLength(3);
    expect(calls().map(({ takeDown }) => takeDown)).toEqual([undefined, undefined, undefined]);
  });
});
