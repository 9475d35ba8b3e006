import type { StackConfig } from "../../../model/config";
import {
  aclPolicies,
  patroniGrant,
  renderConsulAgent,
  renderConsulServer,
  VIEWER,
} from "../../../model/render/consul";
import { renderHaproxy } from "../../../model/render/haproxy";
import { renderPatroni } from "../../../model/render/patroni";
import { renderMemberBackrest, renderRepositoryBackrest } from "../../../model/render/pgbackrest";
import { renderPgbouncer, renderUserlist } from "../../../model/render/pgbouncer";
import { planTopology } from "../../../model/topology";
import { stackConfig } from "../topology/stacks";

export type StackName = "dev" | "prod";

/** Every secret that a file may hold: of the right form, and easy to find again. */
export const SECRETS = {
  gossipKey: Buffer.alloc(32, "gossip").toString("base64"),
  managementToken: "11111111-1111-4111-8111-111111111111",
  serverToken: "22222222-2222-4222-8222-222222222222",
  agentToken: "33333333-3333-4333-8333-333333333333",
  patroniToken: "44444444-4444-4444-8444-444444444444",
  replicationPassword: "replicationReplicationReplication",
  rewindPassword: "rewindRewindRewindRewindRewind00",
  repositoryPassphrase: "repositoryRepositoryRepository00",
  statsPassword: "statsStatsStatsStatsStatsStats00",
  lookupPassword: "lookupLookupLookupLookupLookup00",
} as const;

/** Name of a secret. */
export type SecretName = keyof typeof SECRETS;

/** Which secrets a file is there to hold; it must hold no other. */
export const HOLDS: Readonly<Record<string, readonly SecretName[]>> = {
  "consul-server.json": ["gossipKey", "managementToken", "serverToken"],
  "consul-agent.json": ["gossipKey", "agentToken"],
  "patroni.yml": ["patroniToken", "replicationPassword", "rewindPassword"],
  "pgbackrest-member.conf": [],
  "pgbackrest-repository.conf": ["repositoryPassphrase"],
  "haproxy.cfg": ["statsPassword"],
  "pgbouncer-primary.ini": [],
  "pgbouncer-replicas.ini": [],
  "userlist.txt": ["lookupPassword"],
  "policy-node.hcl": [],
  "policy-patroni.hcl": [],
  "policy-viewer.hcl": [],
};

/** The files of the last of each kind of container of a stack, by name of the golden file. */
export function filesOf(stack: StackName): Record<string, string> {
  return render(stackConfig(stack));
}

/** Every kind of file of a config. */
export function render(config: StackConfig): Record<string, string> {
  const topology = planTopology(config);
  const { gossipKey, managementToken } = SECRETS;
  const [server, agent] = [last(topology.consulServers), last(topology.consulAgents)];
  const [member, haproxy] = [last(topology.members), last(topology.haproxies)];
  const [repository, tokens] = [topology.repository, { gossipKey, managementToken }];
  const pooler = (target: string) => last(topology.poolers.filter((p) => p.target === target));
  if (repository === undefined) throw new Error("no repository");
  const policies = aclPolicies(topology);
  return {
    "consul-server.json": renderConsulServer(topology, server, {
      ...tokens,
      agentToken: SECRETS.serverToken,
    }),
    "consul-agent.json": renderConsulAgent(topology, agent, {
      gossipKey,
      agentToken: SECRETS.agentToken,
    }),
    "patroni.yml": renderPatroni(config, topology, member, {
      consulToken: SECRETS.patroniToken,
      replicationPassword: SECRETS.replicationPassword,
      rewindPassword: SECRETS.rewindPassword,
    }),
    "pgbackrest-member.conf": renderMemberBackrest(config, topology, member, repository),
    "pgbackrest-repository.conf": renderRepositoryBackrest(
      config,
      topology,
      repository,
      SECRETS.repositoryPassphrase,
    ),
    "haproxy.cfg": renderHaproxy(config, topology, haproxy, SECRETS.statsPassword),
    "pgbouncer-primary.ini": renderPgbouncer(config, pooler("primary")),
    "pgbouncer-replicas.ini": renderPgbouncer(config, pooler("replicas")),
    "userlist.txt": renderUserlist(SECRETS.lookupPassword),
    "policy-node.hcl": policies[agent.name] ?? "",
    "policy-patroni.hcl": policies[patroniGrant(member.name)] ?? "",
    "policy-viewer.hcl": policies[VIEWER] ?? "",
  };
}

function last<T>(values: readonly T[]): T {
  const value = values.at(-1);
  if (value === undefined) throw new Error("nothing to render");
  return value;
}
