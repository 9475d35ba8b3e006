import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { poolConsole } from "../../control/pgbouncer";
import type { ContainerAccess, MemberAccess } from "../../model/access";
import { POOL_SOCKET_DIR } from "../../model/paths";
import { VIEWER } from "../../model/render/consul";
import { query } from "../harness/dialler";
import { https } from "../harness/https";
import { first } from "../harness/outputs";
import type { Planned } from "../harness/planned";
import { stackFile } from "./stack/checkout";
import { aside, healthy, members, outputs, targets, useCluster } from "./stack/cluster";
import { preview, previewClean, up } from "./stack/commands";
import { allStarted, docker, inside, inspect, isRunning, on } from "./stack/hosts";
import { cluster } from "./stack/identity";

useCluster();

const container = (host: string, part: string): ContainerAccess => {
  const { members: all } = outputs().operations;
  const { host: access } = first(all.filter((member) => member.host.name === host));
  return { host: access, container: `${cluster}-${host}-${part}` };
};
/** Who led and who followed when the changes were made. */
let leading: MemberAccess;
let following: MemberAccess[];
const followed = (index: number): MemberAccess => first(following.slice(index));

/** Consul's API of the first server, as its administrator. */
async function consul<T>(
  method: "GET" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const { caCertificate: ca, endpoints, operations } = outputs();
  const headers = { "X-Consul-Token": operations.keys.consulManagementToken };
  const where = { ...first(endpoints.consul), path: `/v1/acl/${path}`, method, headers, ca };
  const sent = body === undefined ? where : { ...where, body: JSON.stringify(body) };
  const answer = await https(sent);
  expect(answer.status, answer.body).toBe(200);
  return JSON.parse(answer.body) as T;
}
interface Policy {
  ID: string;
  Name: string;
  Rules: string;
}
async function policy(name: string): Promise<Policy> {
  const id = (await consul<Policy[]>("GET", "policies")).find((one) => one.Name === name)?.ID;
  return consul<Policy>("GET", `policy/${id}`);
}
interface Token {
  AccessorID: string;
  Description: string;
}
/** The token that the Consul agent of pg3 uses for itself. */
const AGENT = `${cluster}-pg3-agent-1`;
const tokenOf = async (name: string): Promise<Token | undefined> =>
  (await consul<Token[]>("GET", "tokens")).find(({ Description }) => Description.includes(name));

const adminConsole = (host: string, command: string) => {
  const { poolers } = outputs().operations;
  const access = first(poolers.filter((one) => one.host.name === host && one.target === "primary"));
  const { port } = access;
  return poolConsole({ access, socketDirectory: POOL_SOCKET_DIR, port }, [command]);
};
const setting = async (host: string, key: string) =>
  (await adminConsole(host, "SHOW CONFIG")).find((row) => row.key === key)?.value;

/** Whether the tag that a container was made from still means the image that it runs. */
const sameImage = async (access: ContainerAccess): Promise<boolean> => {
  const [tag, id] = (await inspect(access, "{{.Config.Image}} {{.Image}}")).split(" ");
  const { name } = access.host;
  return (await docker(name, ["image", "inspect", "--format", "{{.Id}}", tag ?? ""])).trim() === id;
};

/** As the base config declares it. */
const workMem = (): string => {
  const { parameters } = stackFile.read().postgres as { parameters: { work_mem: string } };
  return parameters.work_mem;
};

/** A change behind the program's back. */
interface Drift {
  readonly change: () => Promise<unknown>;
  /** Name of the resource that a preview must show, and a property of it. */
  readonly resource: () => string;
  readonly property?: string;
  readonly repaired: () => Promise<boolean>;
}

/** In this order: what needs a quorum of standbys comes before those are taken away. */
const drifts: Record<string, Drift> = {
  "a role is dropped": {
    change: () => members.value("DROP ROLE reporting; SELECT 1"),
    resource: () => `${cluster}-sql-role-reporting`,
    repaired: async () =>
      (await members.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'reporting'")) === "t",
  },
  "a password is changed": {
    change: () => members.value("ALTER ROLE app PASSWORD 'another one'; SELECT 1"),
    resource: () => `${cluster}-sql-role-app`,
    repaired: async () => (await query(first(targets("primary")), "SELECT 1")).length === 1,
  },
  "an extension is dropped": {
    change: () => members.value("DROP EXTENSION pg_trgm; SELECT 1", "app"),
    resource: () => `${cluster}-sql-extension-app.pg_trgm`,
    repaired: async () =>
      (await members.value(
        "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'",
        "app",
      )) === "1",
  },
  "a database has another owner": {
    change: () => members.value("ALTER DATABASE app OWNER TO postgres; SELECT 1"),
    resource: () => `${cluster}-sql-database-app`,
    repaired: async () =>
      (await members.value(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'",
      )) === "app",
  },
  "the dynamic configuration is edited": {
    change: async () => {
      const member = await members.leader();
      const set = ["-s", "postgresql.parameters.work_mem=7MB", "--force"];
      return inside(member, ["patronictl", "edit-config", ...set]);
    },
    resource: () => `${cluster}-dynamic-config`,
    repaired: async () => (await members.value("SHOW work_mem")) === workMem(),
  },
  "a setting of PgBouncer is changed on pg1": {
    change: () => adminConsole("pg1", "SET default_pool_size = 11"),
    resource: () => `${container("pg1", "pgbouncer-1").container}-settings`,
    repaired: async () => (await setting("pg1", "default_pool_size")) === "10",
  },
  "a Consul policy is widened": {
    change: async () => {
      const now = await policy(VIEWER);
      return consul("PUT", `policy/${now.ID}`, { ...now, Rules: `${now.Rules}\nacl = "write"\n` });
    },
    resource: () => `${cluster}-acl`,
    property: `policies.${VIEWER}`,
    repaired: async () => !(await policy(VIEWER)).Rules.includes("acl"),
  },
  "a Consul token of pg3 is deleted": {
    change: async () => consul("DELETE", `token/${(await tokenOf(AGENT))?.AccessorID}`),
    resource: () => `${cluster}-acl`,
    property: `tokens.${AGENT}`,
    repaired: async () => (await tokenOf(AGENT)) !== undefined,
  },
  "a file is edited on pg2": {
    change: () => {
      // As root of the host: in the volume, which the container may not write.
      const script = 'echo "; edited" >> "$(docker volume inspect -f "{{.Mountpoint}}" "$1")/$2"';
      const volume = `${cluster}-pg2-pgbouncer-1-config`;
      return on("pg2", ["sh", "-c", script, "sh", volume, "pgbouncer.ini"]);
    },
    resource: () => `${cluster}-pg2-pgbouncer-1-files`,
    repaired: async () => {
      const cat = ["cat", "/etc/postgres-ha/pgbouncer.ini"];
      return !(await inside(container("pg2", "pgbouncer-1"), cat)).includes("edited");
    },
  },
  "another image is under the tag on pg2": {
    change: async () => {
      const tag = (part: string) => inspect(container("pg2", part), "{{.Config.Image}}");
      return docker("pg2", ["tag", await tag("consul-1"), await tag("haproxy-1")]);
    },
    resource: () => `${cluster}-pg2-image-haproxy`,
    repaired: () => sameImage(container("pg2", "haproxy-1")),
  },
  "a container is detached from its network on pg1": {
    change: () =>
      docker("pg1", ["network", "disconnect", cluster, `${cluster}-pg1-pgbouncer-replicas-1`]),
    resource: () => `${cluster}-pg1-pgbouncer-replicas-1`,
    repaired: async () => {
      const access = container("pg1", "pgbouncer-replicas-1");
      return (await inspect(access, "{{len .NetworkSettings.Networks}}")) === "1";
    },
  },
  "an HAProxy is removed on pg3": {
    change: () => docker("pg3", ["rm", "--force", `${cluster}-pg3-haproxy-1`]),
    resource: () => `${cluster}-pg3-haproxy-1`,
    repaired: () => isRunning(container("pg3", "haproxy-1")),
  },
  "the memory limit of the leader is changed": {
    change: () => {
      const limit = ["--memory", "600m", "--memory-swap", "600m"];
      return docker(leading.host.name, ["update", ...limit, leading.container]);
    },
    resource: () => leading.container,
    repaired: async () =>
      Number(await inspect(leading, "{{.HostConfig.Memory}}")) === 512 * 1024 * 1024,
  },
  "a member is stopped": {
    change: () => docker(followed(0).host.name, ["stop", followed(0).container]),
    resource: () => followed(0).container,
    repaired: () => isRunning(followed(0)),
  },
  "a member is removed": {
    change: () => docker(followed(1).host.name, ["rm", "--force", followed(1).container]),
    resource: () => followed(1).container,
    repaired: () => isRunning(followed(1)),
  },
};

const MARK = "drift_mark";
/** What runs from the image whose tag is put on another. */
const IMAGE_OF = `${cluster}-pg2-haproxy-1`;
const started = async () => (await members.status(leading)).postmaster_start_time;
let planned: Planned[] = [];
let before: unknown;
let ran: Record<string, string>;
let undone = false;

describe("fifteen changes behind the program's back, on three hosts", () => {
  beforeAll(async () => {
    [leading, following] = [await members.leader(), await members.replicas()];
    before = await started();
    ran = await allStarted();
    await query(aside(), `CREATE TABLE ${MARK} AS SELECT 42 AS n`);
    for (const [kind, { repaired }] of Object.entries(drifts))
      expect(await repaired(), kind).toBe(true);
    for (const { change } of Object.values(drifts)) await change();
    for (const [kind, { repaired }] of Object.entries(drifts))
      expect(await repaired().catch(() => false), kind).toBe(false);
    planned = await preview();
  }, 300_000);

  afterAll(async () => {
    if (!undone) await up();
    await healthy();
    await query(aside(), `DROP TABLE IF EXISTS ${MARK}`);
  }, 400_000);

  it.each(Object.entries(drifts))("is shown by one preview: %s", (_, { resource, property }) => {
    const found = planned.find(({ name }) => name === resource());
    expect(found, JSON.stringify(planned)).toBeDefined();
    if (property !== undefined)
      expect(
        found?.properties.some((path) => path.startsWith(property)),
        JSON.stringify(found),
      ).toBe(true);
  });

  it("is repaired by one `up`, with all data, and without a restart of the leader", async () => {
    const { seconds } = await up();
    await healthy();
    for (const [kind, { repaired }] of Object.entries(drifts))
      expect(await repaired(), kind).toBe(true);
    expect(await started()).toBe(before);
    expect((await members.leader()).name).toBe(leading.name);
    // What was not changed behind the program's back is the container that it was, and runs as it did.
    const hit = [...Object.values(drifts).map(({ resource }) => resource()), IMAGE_OF];
    const now = await allStarted();
    const anew = Object.keys(ran).filter((name) => now[name] !== ran[name]);
    expect(anew.filter((name) => !hit.includes(name))).toEqual([]);
    for (const member of outputs().operations.members)
      expect(await members.value(`SELECT n FROM ${MARK}`, "app", member)).toBe("42");
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    undone = true;
    console.log("fifteen changes repaired in", seconds, "s");
  }, 400_000);
});
