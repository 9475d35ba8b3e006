import { CA_FILE, CERT_FILE, CONSUL_DATA, KEY_FILE } from "../paths";
import type { ConsulAgentPlan, ConsulServerPlan, MemberPlan, Topology } from "../topology";
import { jsonText } from "./formats";

/** Secrets of a Consul config, joined by the component at the last moment. */
export interface ConsulSecrets {
  /** 32 bytes, base64. */
  readonly gossipKey: string;
  /** Secret id of the agent's own token. */
  readonly agentToken: string;
  /** Secret id of the management token; servers only. */
  readonly managementToken?: string | undefined;
}

/** consul.json of a server. */
export function renderConsulServer(
  topology: Topology,
  server: ConsulServerPlan,
  secrets: ConsulSecrets,
): string {
  const servers = topology.consulServers.length;
  return jsonText({
    ...common(topology, server, secrets),
    server: true,
    bootstrap_expect: servers,
    ports: {
      ...closedPorts(),
      server: server.ports.rpc,
      serf_lan: server.ports.gossip,
      https: server.ports.https,
    },
    ui_config: { enabled: true },
    // 1 is Consul's production setting: a lost Consul leader costs 2-4 s, not 10-20 s.
    performance: { raft_multiplier: 1 },
    // Autopilot would remove a failed server, and with it the quorum of the next failure. These
    // count at the first start only.
    autopilot: { cleanup_dead_servers: false, min_quorum: servers },
  });
}

/** consul.json of a client agent. */
export function renderConsulAgent(
  topology: Topology,
  agent: ConsulAgentPlan,
  secrets: ConsulSecrets,
): string {
  return jsonText({
    ...common(topology, agent, secrets),
    server: false,
    ports: { ...closedPorts(), serf_lan: agent.ports.gossip, https: agent.ports.https },
  });
}

function common(
  topology: Topology,
  node: ConsulServerPlan | ConsulAgentPlan,
  secrets: ConsulSecrets,
): Record<string, unknown> {
  return {
    datacenter: topology.datacenter,
    node_name: node.name,
    data_dir: CONSUL_DATA,
    bind_addr: "0.0.0.0",
    client_addr: "0.0.0.0",
    advertise_addr: node.address,
    // The port is written out: without it an agent tries its own gossip port.
    retry_join: topology.consulServers.map((s) => `${s.address}:${s.ports.gossip}`),
    retry_interval: "2s",
    encrypt: secrets.gossipKey,
    tls: tlsSection(),
    acl: {
      enabled: true,
      default_policy: "deny",
      tokens: {
        agent: secrets.agentToken,
        ...(secrets.managementToken ? { initial_management: secrets.managementToken } : {}),
      },
    },
    // A stopped container comes back: it must not leave the quorum, nor take Patroni's session along.
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    disable_host_node_id: true,
    disable_update_check: true,
    disable_remote_exec: true,
    enable_script_checks: false,
    log_level: "info",
  };
}

function tlsSection(): Record<string, unknown> {
  return {
    defaults: {
      ca_file: CA_FILE,
      cert_file: CERT_FILE,
      key_file: KEY_FILE,
      verify_incoming: true,
      verify_outgoing: true,
    },
    // A person opens the page with a browser and a token: no client certificate asked there.
    https: { verify_incoming: false },
    internal_rpc: { verify_server_hostname: true },
  };
}

function closedPorts(): Record<string, number> {
  return { http: -1, grpc: -1, grpc_tls: -1, dns: -1, serf_wan: -1 };
}

/** Name of the policy and token of people who look at the Consul page. */
export const VIEWER = "viewer";

/** Name of the policy and token of a member's Patroni. */
export function patroniGrant(member: string): string {
  return `patroni-${member}`;
}

/** Rules of every policy by its name, which is also the name of the one token that has it. */
export function aclPolicies(topology: Topology): Record<string, string> {
  const nodes = [...topology.consulServers, ...topology.consulAgents];
  return Object.fromEntries([
    ...nodes.map(({ name }) => [name, nodePolicy(name)] as const),
    ...topology.members.map(
      (member) => [patroniGrant(member.name), patroniPolicy(topology, member)] as const,
    ),
    [VIEWER, viewerPolicy()] as const,
  ]);
}

/** Rules of the token that an agent or server uses for itself. */
function nodePolicy(node: string): string {
  return [
    `node "${node}" { policy = "write" }`,
    `agent "${node}" { policy = "write" }`,
    `service_prefix "" { policy = "read" }`,
    `node_prefix "" { policy = "read" }`,
    "",
  ].join("\n");
}

/**
 * Rules of the token of a member's Patroni: the cluster's keys, sessions on the agent of its own
 * host, and the read of that agent's settings by which it learns the shortest session TTL.
 */
function patroniPolicy({ cluster }: Topology, { agent }: MemberPlan): string {
  return [
    `key_prefix "service/${cluster}/" { policy = "write" }`,
    `session "${agent.name}" { policy = "write" }`,
    `agent "${agent.name}" { policy = "read" }`,
    "",
  ].join("\n");
}

/** Rules of the token for people who look at the Consul page: everything, but only to read. */
function viewerPolicy(): string {
  return ["node", "service", "key", "session", "agent"]
    .map((kind) => `${kind}_prefix "" { policy = "read" }\n`)
    .concat('operator = "read"\n')
    .join("");
}
