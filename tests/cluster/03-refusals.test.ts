import { beforeAll, describe, expect, it } from "vitest";
import { CA_FILE, CERT_FILE, KEY_FILE } from "../../model/paths";
import { ENDPOINTS, type EndpointKind, first } from "../harness/outputs";
import type { Ran } from "../harness/run";
import { eventually } from "../harness/wait";
import { endpoint, outputs } from "./harness/context";
import { inside, tryInside } from "./harness/docker";
import { cluster } from "./harness/identity";
import { healthy, https, leader, value } from "./harness/members";
import { client, foreignCa, psql, withCa } from "./harness/sql";

beforeAll(() => healthy());

const uri = (kind: EndpointKind): string => outputs().connectionStrings.app?.[kind] ?? "";

describe("PostgreSQL, HAProxy and PgBouncer", () => {
  it.each(ENDPOINTS)("refuse plaintext: %s", async (kind) => {
    const plain = uri(kind).replace("sslmode=verify-full", "sslmode=disable");
    const { code, stderr } = await psql(plain, "SELECT 1");
    expect(code).toBe(2);
    expect(stderr).toMatch(/no encryption|SSL required/);
  });

  it.each(ENDPOINTS)("are refused by a client with another authority: %s", async (kind) => {
    const { file, certificate } = await foreignCa();
    const { code, stderr } = await psql(withCa(uri(kind), file), "SELECT 1");
    expect(code).toBe(2);
    expect(stderr).toMatch(/certificate verify failed/);
    await expect(client(endpoint(kind), { ca: certificate }).connect()).rejects.toThrow(
      /certificate/,
    );
  });

  it.each(ENDPOINTS)("refuse a wrong password: %s", async (kind) => {
    const at =
      kind === "direct" ? { host: "127.0.0.1", port: (await leader()).port } : endpoint(kind);
    const wrong = client(at, { password: "wrong" });
    await expect(wrong.connect()).rejects.toMatchObject({
      code: expect.stringMatching(/28P01|08P01/) as string,
    });
  });

  it.each(["primary", "replicas", "direct"] as const)(
    "refuse the superuser by rule: %s",
    async (kind) => {
      const superuser = client(endpoint(kind), {
        user: "postgres",
        password: "any",
        database: "postgres",
      });
      await expect(superuser.connect()).rejects.toThrow(
        /pg_hba.conf rejects connection.*"postgres"/,
      );
    },
  );

  it("refuse the superuser even when it has a password: pools", async () => {
    const password = "superuser-password-of-a-test";
    try {
      await value(`ALTER ROLE postgres PASSWORD '${password}'; SELECT 1`);
      for (const kind of ["pooledPrimary", "pooledReplicas"] as const) {
        const superuser = client(endpoint(kind), {
          user: "postgres",
          password,
          database: "postgres",
        });
        await expect(superuser.connect(), kind).rejects.toMatchObject({
          code: expect.any(String) as string,
        });
      }
    } finally {
      await value("ALTER ROLE postgres PASSWORD NULL; SELECT 1");
    }
  });
});

describe("Consul", () => {
  const ask = (path: string, token?: string) =>
    https({
      port: endpoint("consul").port,
      path,
      headers: token ? { "X-Consul-Token": token } : {},
    });
  const keys = `/v1/kv/service/${cluster}/?keys`;

  it("shows nothing without a token", async () => {
    for (const path of [`/v1/kv/service/${cluster}/leader`, "/v1/acl/tokens", "/v1/agent/self"])
      expect(await ask(path), path).toMatchObject({ status: 403 });
    // Lists are filtered rather than refused.
    expect(await ask(keys)).toEqual({ status: 404, body: "" });
    expect(JSON.parse((await ask("/v1/catalog/nodes")).body)).toEqual([]);
  });

  it("lets people look and not touch", async () => {
    const token = outputs().operations.consulViewerToken;
    expect((await ask(keys, token)).status).toBe(200);
    const put = { port: endpoint("consul").port, path: "/v1/kv/test", method: "PUT", body: "1" };
    expect((await https({ ...put, headers: { "X-Consul-Token": token } })).status).toBe(403);
    expect((await ask("/v1/acl/tokens", token)).status).toBe(403);
  });

  it("has plain HTTP closed", async () => {
    const { address } = first(outputs().operations.consul);
    const member = (await leader()).container;
    const curl = (url: string) =>
      inside(member, ["curl", "--silent", "--show-error", "--max-time", "5", url]);
    await expect(curl(`http://${address}:8500/v1/status/leader`)).rejects.toThrow(/ended with 7/);
    const port = first(outputs().operations.consul).httpsPort;
    expect(await curl(`http://${address}:${port}/v1/status/leader`)).toMatch(
      /HTTP request to an HTTPS server/,
    );
  });
});

async function identity(container: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all(
    [CERT_FILE, KEY_FILE].map((file) => inside(container, ["cat", file])),
  );
  return { cert: cert ?? "", key: key ?? "" };
}

describe("Patroni", () => {
  const patch = { path: "/config", method: "PATCH", body: JSON.stringify({ ttl: 21 }) };
  const ttl = async (port: number): Promise<unknown> =>
    (JSON.parse((await https({ port, path: "/config" })).body) as { ttl: unknown }).ttl;

  it("changes nothing for a client without a certificate", async () => {
    const { apiPort: port } = await leader();
    const before = await ttl(port);
    for (const ask of [
      patch,
      { path: "/restart", method: "POST" },
      { path: "/switchover", method: "POST", body: "{}" },
    ])
      expect((await https({ port, ...ask })).status, ask.path).toBe(403);
    expect(await ttl(port)).toBe(before);
  });

  it("changes nothing for a certificate of the cluster that is for servers only", async () => {
    const { apiPort: port } = await leader();
    const before = await ttl(port);
    const haproxy = await identity(first(outputs().operations.haproxies).container);
    const status = await https({ port, ...patch, ...haproxy }).then(
      (answer) => answer.status,
      () => "no connection",
    );
    expect([403, "no connection"]).toContain(status);
    expect(await ttl(port)).toBe(before);
  });

  it("obeys a member's certificate", async () => {
    const { apiPort: port, container } = await leader();
    const { status } = await https({
      port,
      path: "/reload",
      method: "POST",
      ...(await identity(container)),
    });
    expect([200, 202]).toContain(status);
  });
});

describe("pgBackRest", () => {
  // Its client never comes without a certificate: a relay inside the member takes it off.
  const RELAY = "127.0.0.1:29999";
  const list = async (host: string, cert: string, key: string): Promise<Ran> => {
    const { container } = await leader();
    const options = [
      ...["--no-config", "--log-level-console=warn", "--log-level-file=off", `--stanza=${cluster}`],
      ...[`--repo1-host=${host.split(":")[0]}`, `--repo1-host-port=${host.split(":")[1]}`],
      ...[
        "--repo1-host-type=tls",
        `--repo1-host-ca-file=${CA_FILE}`,
        `--repo1-host-cert-file=${cert}`,
      ],
      ...[`--repo1-host-key-file=${key}`, "--repo1-host-config=/etc/postgres-ha/pgbackrest.conf"],
    ];
    const run = ["env", "-u", "PGBACKREST_CONFIG", "pgbackrest", ...options, "repo-ls", "archive"];
    return tryInside(container, run, { timeoutMs: 30_000 });
  };
  /** Runs work with a relay to the repository: by TLS on both sides, `more` for the far one. */
  const relayed = async (more: string): Promise<Ran> => {
    const { container } = await leader();
    const near = `OPENSSL-LISTEN:29999,reuseaddr,cert=${CERT_FILE},key=${KEY_FILE},cafile=${CA_FILE},verify=0`;
    const far = `OPENSSL:${await repository(container)},${more}verify=0`;
    const relay = inside(container, ["timeout", "30", "socat", near, far]).catch(String);
    const listening = "00000000:752F 00000000:0000 0A";
    await eventually("the relay", 10, async () =>
      (await inside(container, ["cat", "/proc/net/tcp"])).includes(listening) ? true : undefined,
    );
    const ran = await list(RELAY, CERT_FILE, KEY_FILE);
    await relay;
    return ran;
  };

  it("serves a member, by a relay too", async () => {
    const { container } = await leader();
    expect(await list(await repository(container), CERT_FILE, KEY_FILE)).toMatchObject({
      code: 0,
      stdout: `${cluster}\n`,
    });
    expect(await relayed(`cert=${CERT_FILE},key=${KEY_FILE},`)).toMatchObject({
      code: 0,
      stdout: `${cluster}\n`,
    });
  });

  it("serves nobody without a certificate", async () => {
    const { code, stdout } = await relayed("");
    expect(code).not.toBe(0);
    expect(stdout).not.toContain(`${cluster}\n`);
  });

  it("serves nobody with a certificate of the cluster that is for servers only", async () => {
    const { container } = await leader();
    const { cert, key } = await identity(first(outputs().operations.haproxies).container);
    const save = (path: string, stdin: string) =>
      inside(container, ["sh", "-c", `umask 077; cat > ${path}`], { stdin });
    try {
      await save("/tmp/other.crt", cert);
      await save("/tmp/other.key", key);
      const { code, stdout } = await list(
        await repository(container),
        "/tmp/other.crt",
        "/tmp/other.key",
      );
      expect(code).not.toBe(0);
      expect(stdout).not.toContain(`${cluster}\n`);
    } finally {
      await inside(container, ["rm", "-f", "/tmp/other.crt", "/tmp/other.key"]);
    }
  });
});

/** Address and port of the repository, as a member has them. */
async function repository(container: string): Promise<string> {
  const config = await inside(container, ["cat", "/etc/postgres-ha/pgbackrest.conf"]);
  const read = (key: string): string =>
    new RegExp(`^${key} *= *(.*)$`, "m").exec(config)?.[1] ?? "";
  return `${read("repo1-host")}:${read("repo1-host-port")}`;
}
