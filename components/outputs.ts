import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { stanzaName } from "../model/render/pgbackrest";
import {
  clientEndpoints,
  connectionUri,
  consulAccess,
  containerAccess,
  type Endpoints,
  hostOf,
  memberAccess,
  poolerAccess,
  type Topology,
} from "../model/topology";
import type { Keys } from "./keys";
import type { Ready } from "./resources";

/** The stack's outputs: design.md 4, a contract with other stacks. */
export interface ClusterOutputs {
  readonly clusterName: pulumi.Output<string>;
  readonly caCertificate: pulumi.Output<string>;
  readonly endpoints: pulumi.Output<Endpoints>;
  readonly connectionStrings: pulumi.Output<Record<string, Record<string, string>>>;
  readonly credentials: pulumi.Output<Record<string, string>>;
  readonly members: pulumi.Output<unknown[]>;
  readonly backup: pulumi.Output<unknown>;
  readonly operations: pulumi.Output<unknown>;
}

interface OutputArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly keys: Keys;
  readonly ready: Ready;
  readonly viewerToken: pulumi.Output<string>;
}

/** All outputs. They come after Ready, so another stack never reads a cluster that is not there. */
export function clusterOutputs(args: OutputArgs): ClusterOutputs {
  const { topology, keys, ready } = args;
  const whenReady = <T>(value: pulumi.Input<T>): pulumi.Output<T> =>
    pulumi.all([value, ready.systemIdentifier]).apply(([known]) => known as T);
  return {
    clusterName: whenReady(topology.cluster),
    caCertificate: whenReady(keys.authority.certificate),
    endpoints: whenReady(clientEndpoints(topology)),
    connectionStrings: pulumi.secret(whenReady(connectionStrings(args))),
    credentials: pulumi.secret(whenReady(pulumi.all(userPasswords(args)))),
    members: whenReady(memberOutputs(topology)),
    backup: whenReady(backupOutput(topology)),
    operations: pulumi.secret(whenReady(operations(args))),
  };
}

/** Passwords of the declared users, and of `stats` and `monitor`, which people use too. */
function userPasswords({ config, keys }: OutputArgs): Record<string, pulumi.Output<string>> {
  const users = [...config.postgres.users.map((user) => user.name), "monitor"];
  return {
    ...Object.fromEntries(users.map((user) => [user, keys.password(user)])),
    stats: keys.statsPassword,
  };
}

function connectionStrings({
  config,
  topology,
  keys,
}: OutputArgs): pulumi.Output<Record<string, Record<string, string>>> {
  const endpoints = clientEndpoints(topology);
  return pulumi
    .all({ ...keys.passwords })
    .apply<Record<string, Record<string, string>>>((known) => {
      const passwords: Record<string, string> = known;
      const strings = ({
        name: database,
        owner: user,
      }: StackConfig["postgres"]["databases"][number]) => {
        const password = passwords[user] ?? "";
        const uri = (kind: keyof Endpoints, target?: string): string =>
          connectionUri({ user, password, database, endpoints: endpoints[kind], target });
        // Without a pool there is no address, which libpq would take for a local socket.
        const pooled = {
          pooledPrimary: uri("pooledPrimary"),
          pooledReplicas: uri("pooledReplicas"),
        };
        return {
          primary: uri("primary"),
          replicas: uri("replicas"),
          ...(topology.poolers.length > 0 ? pooled : {}),
          direct: uri("direct", "read-write"),
        };
      };
      return Object.fromEntries(config.postgres.databases.map((one) => [one.name, strings(one)]));
    });
}

function memberOutputs(topology: Topology): unknown[] {
  return topology.members.map((member) => ({
    name: member.name,
    host: member.host,
    address: hostOf(topology, member).clientAddress,
    port: member.port,
    apiPort: member.apiPort,
  }));
}

function backupOutput(topology: Topology): unknown {
  const { repository } = topology;
  return {
    stanza: repository ? stanzaName(topology) : null,
    repositories: repository ? [{ name: repository.name, host: repository.host }] : [],
    lastVerifiedRestore: null,
  };
}

/** What `ops` needs: how to reach every part, and the keys that `export-keys` writes down. */
function operations({ topology, keys, viewerToken }: OutputArgs): pulumi.Output<unknown> {
  const { repository } = topology;
  return pulumi.all({
    cluster: topology.cluster,
    members: topology.members.map((member) => memberAccess(topology, member)),
    consul: topology.consulServers.map((server) => consulAccess(topology, server)),
    agents: topology.consulAgents.map((one) => containerAccess(topology, one)),
    haproxies: topology.haproxies.map((one) => containerAccess(topology, one)),
    poolers: topology.poolers.map((one) => poolerAccess(topology, one)),
    sidecars: repository
      ? topology.members.map(({ backrest }) => containerAccess(topology, backrest))
      : [],
    repository: repository ? containerAccess(topology, repository) : null,
    consulViewerToken: viewerToken,
    keys: {
      consulManagementToken: keys.managementToken,
      gossipKey: keys.gossipKey,
      repositoryPassphrase: keys.repositoryPassphrase,
      passwords: pulumi.all(keys.passwords),
      statsPassword: keys.statsPassword,
      caCertificate: keys.authority.certificate,
      caPrivateKey: keys.authority.privateKey,
    },
  });
}
