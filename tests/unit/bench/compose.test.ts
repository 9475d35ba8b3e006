import { describe, expect, it } from "vitest";
import { composeFile, configFiles } from "../../../bench/composeFile";
import { parseExport, plain } from "../../../bench/state";
import { yamlText } from "../../../model/render/formats";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const secret = (value: unknown) => ({ ...SECRET, plaintext: JSON.stringify(value) });

const container = {
  name: "c-local-haproxy-1",
  hostname: "c-local-haproxy-1",
  image: "postgres-ha/haproxy:0123",
  envs: ["A=b"],
  user: "5000:5000",
  readOnly: true,
  tmpfs: { "/tmp": "rw,size=64m" },
  capabilities: { drops: ["CAP_ALL"] },
  securityOpts: ["no-new-privileges:true"],
  memory: 128,
  memorySwap: 128,
  restart: "unless-stopped",
  stopTimeout: 30,
  logDriver: "json-file",
  logOpts: { "max-size": "20m" },
  networksAdvanced: [{ name: "c", ipv4Address: "198.18.128.10" }],
  ports: [{ internal: 5000, external: 5000, ip: "127.0.0.1", protocol: "tcp" }],
  volumes: [
    { volumeName: "c-local-haproxy-1-config", containerPath: "/etc/postgres-ha", readOnly: true },
    { volumeName: "c-local-haproxy-1-data", containerPath: "/data" },
  ],
  healthcheck: {
    tests: ["CMD", "healthcheck"],
    interval: "15s",
    timeout: "10s",
    startPeriod: "30s",
    retries: 3,
  },
};

const files = {
  directory: "/config/c-local-haproxy-1",
  files: secret({ "tls/ca.crt": { content: "PEM", mode: "0600", uid: 5000, gid: 5000 } }),
};

const resources = [
  { type: "docker:index/container:Container", inputs: container },
  { type: "docker:index/container:Container", inputs: { name: "c-local-files", start: false } },
  {
    type: "pgha:index:Network",
    inputs: { name: "c", subnet: "198.18.128.0/26", gateway: "198.18.128.1" },
  },
  { type: "pgha:index:ConfigFiles", inputs: files },
  { type: "pgha:index:ConsulAcl", inputs: {} },
  { type: "pgha:index:PoolLookup", inputs: {} },
  { type: "pgha:index:Stanza", inputs: {} },
  { type: "pgha:index:Ready", inputs: {} },
];
const exported = (all: unknown) => JSON.stringify({ deployment: { resources: all } });

describe("plain", () => {
  it("opens secrets inside of secrets, lists and objects", () => {
    expect(plain([{ a: secret({ b: secret("c") }), __defaults: [] }, 1, null])).toEqual([
      { a: { b: "c" } },
      1,
      null,
    ]);
  });
});

describe("parseExport", () => {
  it("leaves out the holder that never runs", () => {
    const { containers } = parseExport(exported(resources));
    expect(containers.map(({ name }) => name)).toEqual(["c-local-haproxy-1"]);
  });

  it("names the resource that is missing", () => {
    expect(() => parseExport(exported(resources.slice(0, 5)))).toThrow("pgha:index:PoolLookup");
  });
});

describe("the compose file", () => {
  const declared = parseExport(exported(resources));

  it("says of a container what the program says of it", () => {
    expect(composeFile(declared, "/files")).toEqual({
      version: "2.4",
      networks: {
        cluster: {
          name: "c",
          driver: "bridge",
          ipam: { config: [{ subnet: "198.18.128.0/26", gateway: "198.18.128.1" }] },
        },
      },
      volumes: { "c-local-haproxy-1-data": { name: "c-local-haproxy-1-data" } },
      services: {
        "c-local-haproxy-1": {
          container_name: "c-local-haproxy-1",
          hostname: "c-local-haproxy-1",
          image: "postgres-ha/haproxy:0123",
          environment: ["A=b"],
          user: "5000:5000",
          read_only: true,
          tmpfs: ["/tmp:rw,size=64m"],
          cap_drop: ["ALL"],
          security_opt: ["no-new-privileges:true"],
          mem_limit: "128m",
          memswap_limit: "128m",
          restart: "unless-stopped",
          stop_grace_period: "30s",
          logging: { driver: "json-file", options: { "max-size": "20m" } },
          networks: { cluster: { ipv4_address: "198.18.128.10" } },
          ports: ["127.0.0.1:5000:5000/tcp"],
          volumes: [
            "/files/c-local-haproxy-1:/etc/postgres-ha:ro",
            "c-local-haproxy-1-data:/data:rw",
          ],
          healthcheck: {
            test: ["CMD", "healthcheck"],
            interval: "15s",
            timeout: "10s",
            start_period: "30s",
            retries: 3,
          },
        },
      },
    });
  });

  it("has the config files where it mounts them from", () => {
    expect(configFiles(declared, "/files")).toEqual([
      {
        path: "/files/c-local-haproxy-1/tls/ca.crt",
        content: "PEM",
        mode: "0600",
        uid: 5000,
        gid: 5000,
      },
    ]);
  });

  it("has Patroni run initdb as it is: nobody permits a new cluster there", () => {
    const content = yamlText({ postgresql: { bin_name: { initdb: "x" }, use_slots: "on" }, a: 1 });
    const file = { content, mode: "0600", uid: 5432, gid: 5432 };
    const member = { directory: "/config/m", files: secret({ "patroni.yml": file }) };
    const other = parseExport(
      exported([...resources, { type: "pgha:index:ConfigFiles", inputs: member }]),
    );
    const text = yamlText({ postgresql: { use_slots: "on" }, a: 1 });
    expect(configFiles(other, "/files").at(-1)?.content).toBe(text);
  });
});
