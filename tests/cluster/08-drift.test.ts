import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { poolConsole } from "../../control/pgbouncer";
import { CERT_FILE, KEY_FILE, POOL_SOCKET_DIR } from "../../model/paths";
import { patroniGrant } from "../../model/render/consul";
import { first } from "../harness/outputs";
import type { Planned } from "../harness/planned";
import { ok } from "../harness/run";
import { endpoint, outputs } from "./harness/context";
import { inside, isRunning, remove, stop } from "./harness/docker";
import { cluster, hostName } from "./harness/identity";
import { healthy, https, leader, value } from "./harness/members";
import { preview, previewClean, up } from "./harness/pulumi";
import { query } from "./harness/sql";

const name = (part: string): string => `${cluster}-${hostName}-${part}`;
const pooler = () => first(outputs().operations.poolers);
const adminConsole = (command: string) => {
  const { host, container, port } = pooler();
  return poolConsole({ access: { host, container }, socketDirectory: POOL_SOCKET_DIR, port }, [
    command,
  ]);
};
const setting = async (key: string) =>
  (await adminConsole("SHOW CONFIG")).find((row) => row.key === key)?.value;

async function patroni(patch: unknown): Promise<void> {
  const { apiPort: port, container } = await leader();
  const [cert = "", key = ""] = await Promise.all(
    [CERT_FILE, KEY_FILE].map((file) => inside(container, ["cat", file])),
  );
  const { status } = await https({
    port,
    path: "/config",
    method: "PATCH",
    body: JSON.stringify(patch),
    cert,
    key,
  });
  expect(status).toBe(200);
}
const dynamic = async () =>
  JSON.parse((await https({ port: (await leader()).apiPort, path: "/config" })).body) as {
    maximum_lag_on_failover: number;
    postgresql: { parameters: Record<string, unknown> };
  };

const GRANT = patroniGrant(name("postgres-1"));
async function consul(path: string, method = "GET", body?: unknown): Promise<unknown> {
  const answer = await https({
    port: endpoint("consul").port,
    path,
    method,
    headers: { "X-Consul-Token": outputs().operations.keys.consulManagementToken },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status, answer.body).toBe(200);
  return JSON.parse(answer.body);
}
async function policy(): Promise<{ ID: string; Name: string; Rules: string }> {
  const list = (await consul("/v1/acl/policies")) as { ID: string; Name: string }[];
  const id = list.find((one) => one.Name === GRANT)?.ID;
  return (await consul(`/v1/acl/policy/${id}`)) as Awaited<ReturnType<typeof policy>>;
}
async function viewerTokens(): Promise<string[]> {
  const list = (await consul("/v1/acl/tokens")) as { AccessorID: string; SecretID: string }[];
  const { consulViewerToken } = outputs().operations;
  return list.filter((one) => one.SecretID === consulViewerToken).map((one) => one.AccessorID);
}

const FILE = `/config/${name("pgbouncer-1")}/pgbouncer.ini`;
const HOLDER = name("files");
async function rendered(): Promise<string> {
  return inside(name("pgbouncer-1"), ["cat", "/etc/postgres-ha/pgbouncer.ini"]);
}
/** Edits the file in its volume, as root of the host could: by a container of the cluster's image. */
async function editFile(): Promise<void> {
  const { container } = await leader();
  const image = (
    await ok("docker", ["inspect", "--format", "{{.Config.Image}}", container])
  ).trim();
  const mount = `--volumes-from=${HOLDER}`;
  const run = ["run", "--rm", "--name", name("edit"), "--network", "none", "--user", "0", mount];
  await ok("docker", [...run, "--entrypoint", "sh", image, "-c", `echo '; edited' >> ${FILE}`]);
}

/** One kind of change behind the program's back. */
interface Drift {
  readonly change: () => Promise<unknown>;
  /** Resource that the preview must name, what it would do, and the properties. */
  readonly resource: string;
  readonly op: string;
  readonly properties?: readonly string[];
  /** Gives true when the live state is as declared. */
  readonly repaired: () => Promise<boolean>;
}

const drifts: Record<string, Drift> = {
  "dynamic configuration": {
    change: () =>
      patroni({
        maximum_lag_on_failover: 2097152,
        postgresql: { parameters: { work_mem: "7MB", log_min_duration_statement: 1234 } },
      }),
    resource: `${cluster}-dynamic-config`,
    op: "update",
    properties: [
      "config.maximum_lag_on_failover",
      "config.postgresql.parameters.work_mem",
      "config.postgresql.parameters.log_min_duration_statement",
    ],
    repaired: async () => {
      const { maximum_lag_on_failover: lag, postgresql } = await dynamic();
      const { work_mem, log_min_duration_statement: undeclared } = postgresql.parameters;
      return lag === 1048576 && work_mem === "4MB" && undeclared === undefined;
    },
  },
  "a role's attributes and password": {
    change: () =>
      value(
        "ALTER ROLE app NOLOGIN CREATEDB SUPERUSER CONNECTION LIMIT 7 PASSWORD 'other'; SELECT 1",
      ),
    resource: `${cluster}-sql-role-app`,
    op: "update",
    properties: ["login", "createDb", "connectionLimit", "password", "undeclared"],
    repaired: async () =>
      (await query("primary", "SELECT 1")).length === 1 &&
      (await value(
        "SELECT rolcreatedb, rolconnlimit FROM pg_roles WHERE rolname = 'app' AND NOT rolcreatedb AND NOT rolsuper AND rolconnlimit = -1",
      )) !== "",
  },
  "a database's owner": {
    change: () => value("ALTER DATABASE app OWNER TO postgres; SELECT 1"),
    resource: `${cluster}-sql-database-app`,
    op: "update",
    properties: ["owner"],
    repaired: async () =>
      (await value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'")) ===
      "app",
  },
  "a dropped extension": {
    change: () => value("DROP EXTENSION pg_trgm; SELECT 1", "app"),
    resource: `${cluster}-sql-extension-app.pg_trgm`,
    op: "create",
    repaired: async () =>
      (await value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'", "app")) === "1",
  },
  "a setting of PgBouncer": {
    change: () => adminConsole("SET default_pool_size = 11"),
    resource: `${name("pgbouncer-1")}-settings`,
    op: "update",
    properties: ["settings.default_pool_size"],
    repaired: async () => (await setting("default_pool_size")) === "20",
  },
  "a widened Consul policy": {
    change: async () => {
      const now = await policy();
      const changed = { ...now, Rules: `${now.Rules}\nacl = "write"\n` };
      await consul(`/v1/acl/policy/${now.ID}`, "PUT", changed);
    },
    resource: `${cluster}-acl`,
    op: "update",
    properties: [`policies.${GRANT}`],
    repaired: async () => !(await policy()).Rules.includes("acl"),
  },
  "a removed Consul token": {
    change: async () => consul(`/v1/acl/token/${(await viewerTokens())[0]}`, "DELETE"),
    resource: `${cluster}-acl`,
    op: "update",
    properties: ["tokens.viewer"],
    repaired: async () => (await viewerTokens()).length === 1,
  },
  "an edited file": {
    change: editFile,
    resource: `${name("pgbouncer-1")}-files`,
    op: "update",
    properties: ["files.pgbouncer.ini.content"],
    repaired: async () => !(await rendered()).includes("edited"),
  },
  "a stopped container": {
    change: () => stop(name("haproxy-1")),
    resource: name("haproxy-1"),
    op: "create|replace|update",
    repaired: () => isRunning(name("haproxy-1")),
  },
  "a removed container": {
    change: () => remove(name("pgbouncer-replicas-1")),
    resource: name("pgbouncer-replicas-1"),
    op: "create",
    repaired: () => isRunning(name("pgbouncer-replicas-1")),
  },
};

let planned: Planned[] = [];
let undone = false;

describe("what was changed behind the program's back", () => {
  beforeAll(async () => {
    await healthy();
    for (const { change, repaired } of Object.values(drifts)) {
      expect(await repaired()).toBe(true);
      await change();
    }
    for (const [kind, { repaired }] of Object.entries(drifts))
      expect(await repaired().catch(() => false), kind).toBe(false);
    planned = await preview();
  }, 120_000);

  afterAll(async () => {
    if (!undone) await up();
    await healthy();
  }, 240_000);

  it.each(Object.entries(drifts))("is shown: %s", (_, { resource, op, properties = [] }) => {
    const found = planned.find((step) => step.name === resource);
    expect(found?.op, JSON.stringify(planned)).toMatch(new RegExp(`^(${op})$`));
    for (const property of properties) expect(found?.properties).toContain(property);
  });

  it("shows nothing else", () => {
    const named = new Set(Object.values(drifts).map(({ resource }) => resource));
    // What goes with a container that is made anew.
    const along = (step: Planned): boolean =>
      /-settings$/.test(step.name) || step.name === `${cluster}-ready`;
    expect(planned.filter((step) => !named.has(step.name) && !along(step))).toEqual([]);
  });

  it("is repaired by one `up`, after which nothing differs", async () => {
    await up();
    for (const [kind, { repaired }] of Object.entries(drifts))
      expect(await repaired(), kind).toBe(true);
    const { code, stdout } = await previewClean();
    expect(code, stdout).toBe(0);
    undone = true;
    await healthy();
  }, 240_000);
});
