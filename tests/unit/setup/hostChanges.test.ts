import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runPulumi } from "../../../setup/pulumi";
import { type Deployment, nameOf } from "../../../setup/record/deployment";
import type { Raw } from "../config/good";
import { atWork, calls, folder, namesIn, said, stackFile, state, useFakeCli } from "./fakeCli";
import { accessOf, recorded } from "./record/deployment";

useFakeCli();

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

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
