import { beforeAll, describe, expect, it } from "vitest";
import { CA_FILE, CERT_FILE, KEY_FILE } from "../../model/paths";
import { ENDPOINTS, endpoint, type EndpointKind, first, outputs } from "./harness/context";
import { inside } from "./harness/docker";
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
    await expect(client(endpoint(kind), { ca: certificate }).connect()).rejects.toThrow(/certificate/);
  });

  it.each(ENDPOINTS)("refuse a wrong password: %s", async (kind) => {
    const at = kind === "direct" ? { host: "127.0.0.1", port: (await leader()).port } : endpoint(kind);
    const wrong = client(at, { password: "wrong" });
    await expect(wrong.connect()).rejects.toMatchObject({ code: expect.stringMatching(/28P01|08P01/) as string });
  });

  it.each(["primary", "replicas", "direct"] as const)("refuse the superuser by rule: %s", async (kind) => {
    const superuser = client(endpoint(kind), { user: "postgres", password: "any", database: "postgres" });
    await expect(superuser.connect()).rejects.toThrow(/pg_hba.conf rejects connection.*"postgres"/);
  });

  it("refuse the superuser even when it has a password: pools", async () => {
    const password = "superuser-password-of-a-test";
    try {
      await value(`ALTER ROLE postgres PASSWORD '${password}'; SELECT 1`);
      for (const kind of ["pooledPrimary", "pooledReplicas"] as const) {
        const superuser = client(endpoint(kind), { user: "postgres", password, database: "postgres" });
        await expect(superuser.connect(), kind).rejects.toMatchObject({ code: expect.any(String) as string });
      }
    } finally {
      await value("ALTER ROLE postgres PASSWORD NULL; SELECT 1");
    }
  });
});

describe("Consul", () => {
  const ask = (path: string, token?: string) =>
    https({ port: endpoint("consul").port, path, headers: token ? { "X-Consul-Token": token } : {} });
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
    const curl = (url: string) => inside(member, ["curl", "--silent", "--show-error", "--max-time", "5", url]);
    await expect(curl(`http://${address}:8500/v1/status/leader`)).rejects.toThrow(/ended with 7/);
    const port = first(outputs().operations.consul).httpsPort;
    expect(await curl(`http://${address}:${port}/v1/status/leader`)).toMatch(/HTTP request to an HTTPS server/);
  });
});

async function identity(container: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = await Promise.all([CERT_FILE, KEY_FILE].map((file) => inside(container, ["cat", file])));
  return { cert: cert ?? "", key: key ?? "" };
}

describe("Patroni", () => {
  const patch = { path: "/config", method: "PATCH", body: JSON.stringify({ ttl: 21 }) };
  const ttl = async (port: number): Promise<unknown> =>
    (JSON.parse((await https({ port, path: "/config" })).body) as { ttl: unknown }).ttl;

  it("changes nothing for a client without a certificate", async () => {
    const { apiPort: port } = await leader();
    const before = await ttl(port);
    for (const ask of [patch, { path: "/restart", method: "POST" }, { path: "/switchover", method: "POST", body: "{}" }])
      expect((await https({ port, ...ask })).status, ask.path).toBe(403);
    expect(await ttl(port)).toBe(before);
  });

  it("changes nothing for a certificate of the cluster that is for servers only", async () => {
    const { apiPort: port } = await leader();
    const before = await ttl(port);
    const haproxy = await identity(first(outputs().operations.haproxies).container);
    const status = await https({ port, ...patch, ...haproxy }).then((answer) => answer.status, () => "no connection");
    expect([403, "no connection"]).toContain(status);
    expect(await ttl(port)).toBe(before);
  });

  it("obeys a member's certificate", async () => {
    const { apiPort: port, container } = await leader();
    const { status } = await https({ port, path: "/reload", method: "POST", ...(await identity(container)) });
    expect([200, 202]).toContain(status);
  });
});

describe("pgBackRest", () => {
  /** What a server of pgBackRest says to a client; its greeting names the program. */
  const greeting = async (more: string): Promise<string> => {
    const { container, address, port } = await sidecar();
    const script = `sleep 3 | timeout 6 openssl s_client -quiet -connect ${address}:${port} -CAfile ${CA_FILE} ${more} 2>&1 || true`;
    return inside(container, ["sh", "-c", script]);
  };

  it("talks to a member, and to nobody without a certificate", async () => {
    expect(await greeting(`-cert ${CERT_FILE} -key ${KEY_FILE}`)).toContain('"pgBackRest"');
    const stranger = await greeting("");
    expect(stranger).not.toContain('"pgBackRest"');
    expect(stranger).toMatch(/certificate required|handshake failure/);
  });
});

/** The repository's server, as the leader's container reaches it. */
async function sidecar(): Promise<{ container: string; address: string; port: string }> {
  const { container } = await leader();
  const config = await inside(container, ["cat", "/etc/postgres-ha/pgbackrest.conf"]);
  const read = (key: string): string => new RegExp(`^${key} *= *(.*)$`, "m").exec(config)?.[1] ?? "";
  return { container, address: read("repo1-host"), port: read("repo1-host-port") };
}
