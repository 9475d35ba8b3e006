import type { HostAccess } from "../../../../model/access";
import { dockerProviderAccess } from "../../../../model/dockerProvider";
import type { Deployment, Resource } from "../../../../setup/record/deployment";
import { HOST_KEY } from "../../config/good";

/** Name of the recorded cluster. */
export const CLUSTER = "orders";

const ROOT = "pgha:components:PostgresCluster";
const PGHA = "urn:pulumi:prod::postgres-ha::pulumi:providers:pgha::default";

/** URN of a resource below the cluster's component. */
function urn(type: string, name: string, ...below: string[]): string {
  const parents = [ROOT, ...below].map((part) => `${part}$`).join("");
  return `urn:pulumi:prod::postgres-ha::${parents}${type}::${name}`;
}

/** How a host is reached, as the program declares it: the config of tests/unit/config/good.ts. */
export function accessOf(name: string, hostKey = HOST_KEY): HostAccess {
  return { name, docker: `ssh://deploy@10.0.1.1${name.replace("pg", "")}`, hostKey };
}

const container = (host: string, part: string) => ({
  host: accessOf(host),
  container: `${CLUSTER}-${host}-${part}-1`,
});

const member = (host: string) => ({
  ...container(host, "postgres"),
  name: `${CLUSTER}-${host}-postgres-1`,
  address: "10.0.1.1",
  port: 5432,
  apiPort: 8008,
});

/** A component, with all URNs that its children need. */
function component(type: string, name: string): Resource & { below: string } {
  const full = `pgha:components:${type}`;
  return { urn: urn(full, name), type: full, below: full };
}

/** A resource below a component. */
function child(
  parent: { urn: string; below?: string },
  type: string,
  name: string,
  rest: Partial<Resource>,
): Resource {
  const below = parent.below === undefined ? [] : [parent.below];
  return {
    urn: urn(type, name, ...below),
    custom: true,
    id: `id-of-${name}`,
    type,
    provider: `${PGHA}::0`,
    parent: parent.urn,
    ...rest,
    outputs: rest.outputs ?? rest.inputs,
  } as Resource;
}

const own = (type: string): string => `pgha:index:${type}`;

/** Everything that is recorded for a host with a member, a pool and, on pg2, the repository. */
function host(name: string, cluster: Resource, previous: readonly string[]): Resource[] {
  const at = { host: accessOf(name) };
  const base = `${CLUSTER}-${name}`;
  const dockerHost = component("DockerHost", base);
  const { sshOpts, ...reach } = dockerProviderAccess(at.host);
  const config = { ...reach, sshOpts: JSON.stringify(sshOpts), version: "5.2.0" };
  const provider = child(dockerHost, "pulumi:providers:docker", base, { inputs: config });
  const by = { provider: `${provider.urn}::${provider.id}` };
  const volume = (parent: ReturnType<typeof component>, part: string, rest: Partial<Resource>) =>
    child(parent, "docker:index/volume:Volume", `${base}-${part}`, {
      ...by,
      inputs: { name: `${base}-${part}` },
      ...rest,
    });
  const image = child(dockerHost, own("Image"), `${base}-image-postgres`, {
    inputs: { ...at, tag: "postgres-ha/postgres:1", others: [accessOf("pg1"), accessOf("pg2")] },
  });
  const network = child(dockerHost, own("Network"), `${base}-network`, {
    inputs: { ...at, name: CLUSTER },
  });
  const node = component("PatroniNode", `${base}-postgres-1`);
  const claim = child(node, own("VolumeClaim"), `${base}-postgres-1-data-claim`, {
    inputs: { ...at, volume: `${base}-postgres-1-data`, owner: "mine" },
    protect: true,
  });
  const data = volume(node, "postgres-1-data", { dependencies: [claim.urn], protect: true });
  const files = child(node, own("ConfigFiles"), `${base}-postgres-1-files`, {
    inputs: { ...at, files: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "v1:x" } },
    dependencies: [network.urn],
    propertyDependencies: { files: [], host: [] },
  });
  const members = [member("pg1"), member("pg2")];
  const drain = child(node, own("Drain"), `${base}-postgres-1-drain`, {
    inputs: { member: member(name), members, unreachable: 0 },
    dependencies: [...previous],
  });
  const exit = child(node, own("MemberExit"), `${base}-postgres-1-exit`, {
    inputs: { member: member(name), members },
    dependencies: [data.urn, files.urn],
    propertyDependencies: { member: [data.urn] },
  });
  const postgres = child(node, "docker:index/container:Container", `${base}-postgres-1`, {
    ...by,
    inputs: { name: `${base}-postgres-1` },
    dependencies: [image.urn, network.urn, data.urn, files.urn, drain.urn, exit.urn],
  });
  const pool = component("PgBouncerPool", `${base}-pgbouncer-1`);
  const settings = child(pool, own("PoolSettings"), `${base}-pgbouncer-1-settings`, {
    inputs: { pooler: container(name, "pgbouncer"), settings: { pool_mode: "transaction" } },
    dependencies: [postgres.urn],
    deletedWith: postgres.urn,
  });
  const parts = [dockerHost, provider, image, network, node, claim, data, files, drain, exit];
  return [...parts, postgres, pool, settings].map((one) => ({ parent: cluster.urn, ...one }));
}

/** What an export of a stack of two hosts holds, cut down to one of each kind. */
export function recorded(): Deployment {
  const top = {
    urn: "urn:pulumi:prod::postgres-ha::pulumi:pulumi:Stack::s",
    type: "pulumi:pulumi:Stack",
  };
  const cluster = {
    urn: `urn:pulumi:prod::postgres-ha::${ROOT}::${CLUSTER}`,
    type: ROOT,
    parent: top.urn,
  };
  const provider = { urn: PGHA, id: "0", type: "pulumi:providers:pgha", custom: true };
  const preflight = child(cluster, own("Preflight"), `${CLUSTER}-preflight`, {
    inputs: { cluster: CLUSTER, hosts: ["pg1", "pg2"].map((name) => ({ access: accessOf(name) })) },
  });
  const first = host("pg1", cluster, []);
  const second = host("pg2", cluster, [first.at(-3)?.urn ?? ""]);
  const members = [member("pg1"), member("pg2")];
  const all = [...first, ...second].filter(({ custom }) => custom).map((one) => one.urn);
  const ready = child(cluster, own("Ready"), `${CLUSTER}-ready`, {
    inputs: { members, containers: [container("pg1", "haproxy"), container("pg2", "haproxy")] },
    dependencies: all,
  });
  const stanza = child(cluster, own("Stanza"), `${CLUSTER}-stanza`, {
    inputs: { repository: container("pg2", "backup"), stanza: CLUSTER, members },
  });
  const volumes = all.filter((one) => one.includes("docker:index/volume:Volume"));
  const identity = child(cluster, own("ClusterIdentity"), `${CLUSTER}-identity`, {
    inputs: { cluster: CLUSTER, members, unreachable: 0 },
    dependencies: volumes,
    protect: true,
  });
  const node = child(cluster, own("ConsulNode"), `${CLUSTER}-pg2-consul-1-node`, {
    inputs: { node: container("pg2", "consul"), servers: [container("pg2", "consul")] },
  });
  const resources = [
    top,
    cluster,
    provider,
    preflight,
    ...first,
    ...second,
    stanza,
    ready,
    identity,
    node,
  ];
  return { resources: resources.map(({ ...one }: Resource & { below?: string }) => cut(one)) };
}

function cut({ below: _, ...resource }: Resource & { below?: string }): Resource {
  return resource;
}

/** What Pulumi would refuse a record for: what a resource names has to stand before it. */
export function faults({ resources = [] }: Deployment): string[] {
  const seen = new Set<string>();
  const providers = new Set<string>();
  return resources.flatMap((one) => {
    const { dependencies = [], propertyDependencies = {}, deletedWith, replaceWith = [] } = one;
    const { parent } = one as { parent?: string };
    const named = [...dependencies, ...Object.values(propertyDependencies).flat(), ...replaceWith];
    const all = [...named, ...(parent ? [parent] : []), ...(deletedWith ? [deletedWith] : [])];
    const missing = all.filter((name) => !seen.has(name)).map((name) => `${one.urn} -> ${name}`);
    const orphan = one.provider !== undefined && !providers.has(one.provider);
    seen.add(one.urn);
    if (one.type.startsWith("pulumi:providers:")) providers.add(`${one.urn}::${one.id}`);
    return orphan ? [...missing, `${one.urn} has no provider`] : missing;
  });
}
