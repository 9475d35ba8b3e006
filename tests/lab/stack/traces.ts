/** Where a host that has left the cluster could still be known. */
import { serverStatus } from "../../../control/haproxy";
import { https } from "../../harness/https";
import { first } from "../../harness/outputs";
import { lines } from "../../harness/run";
import { members, outputs } from "./cluster";
import { pulumi } from "./commands";
import { docker, tryInside } from "./hosts";
import { cluster, lab } from "./identity";

/** What Consul answers its administrator; undefined for what is not there. */
async function consul(path: string): Promise<unknown> {
  const { caCertificate: ca, endpoints, operations } = outputs();
  const headers = { "X-Consul-Token": operations.keys.consulManagementToken };
  const { status, body } = await https({ ...first(endpoints.consul), path, headers, ca });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`Consul answered ${status} to ${path}: ${body}`);
  return JSON.parse(body) as unknown;
}

/** Texts in which only parts of the cluster's own may be named, by where they are from. */
async function places(): Promise<Record<string, unknown>> {
  const { haproxies, repository } = outputs().operations;
  const slots = "SELECT slot_name FROM pg_replication_slots";
  const senders = "SELECT application_name FROM pg_stat_replication";
  const leader = await members.leader();
  const servers = (backend: string) =>
    Promise.all(
      haproxies.map(async (haproxy) => [...(await serverStatus(haproxy, backend)).keys()]),
    );
  return {
    "Consul's nodes": await consul("/v1/catalog/nodes"),
    "Consul's services": await services(),
    "Consul's raft": await consul("/v1/operator/raft/configuration"),
    "Patroni's keys": await consul(`/v1/kv/service/${cluster}/?keys`),
    "Consul's policies": await consul("/v1/acl/policies"),
    "Consul's tokens": await consul("/v1/acl/tokens"),
    "Patroni's members": (await members.view()).members.map(({ name }) => name),
    "replication slots": (await members.superuser(leader, slots)).map(([slot]) =>
      slot?.replaceAll("_", "-"),
    ),
    "replication senders": await members.superuser(leader, senders),
    "HAProxy's servers of primary": await servers("primary"),
    "HAProxy's servers of replicas": await servers("replicas"),
    "resources on record, certificates and passwords among them": await recorded(),
    "the repository's configuration": (
      await tryInside(repository, ["cat", "/etc/postgres-ha/pgbackrest.conf"])
    ).stdout,
  };
}

/** Each service of each node; Consul names no more than kinds of them in one answer. */
async function services(): Promise<unknown[]> {
  const nodes = (await consul("/v1/catalog/nodes")) as { Node: string }[];
  return Promise.all(nodes.map(({ Node }) => consul(`/v1/catalog/node/${Node}`)));
}

/** Resources of the stack. What is kept of a host's data is no more among them. */
async function recorded(): Promise<string[]> {
  const { stdout } = await pulumi(["stack", "export"], { keep: false });
  const record = JSON.parse(stdout) as { deployment: { resources: { urn: string }[] } };
  return record.deployment.resources.map(({ urn }) => urn.split("::").slice(2).join("::"));
}

/** A sentence for each place that still knows a host; its own containers where it can be asked. */
export async function tracesOf(host: string): Promise<string[]> {
  const { address } = lab.host(host);
  const name = new RegExp(`${cluster}-${host}-|${address.replaceAll(".", "\\.")}\\b`);
  const known = Object.entries(await places())
    .filter(([, found]) => name.test(JSON.stringify(found ?? "")))
    .map(([place, found]) => `${place}: ${JSON.stringify(found)}`);
  const power = (await lab.status()).find((one) => one.name === host)?.power;
  return [...known, ...(power === "on" ? await leftOn(host) : [])];
}

/** Its own: containers, stopped ones too, and volumes other than data (a certificate's key lies in one). */
async function leftOn(host: string): Promise<string[]> {
  const named = ["--filter", `name=${cluster}-${host}-`, "--format"];
  const containers = lines(await docker(host, ["ps", "--all", ...named, "{{.Names}}"]));
  const volumes = lines(await docker(host, ["volume", "ls", ...named, "{{.Name}}"]));
  return [
    ...containers.map((name) => `container ${name}`),
    ...volumes.filter((name) => !name.endsWith("-data")).map((name) => `volume ${name}`),
  ];
}
