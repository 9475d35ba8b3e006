import type { StackConfig } from "../config";
import { CA_FILE, CONFIG_DIR } from "../paths";
import type { HaproxyPlan, MemberPlan, Topology } from "../topology";
import { MAXIMUM_LAG_BYTES } from "./dynamicConfig";
import { haproxyWord } from "./formats";

/** Certificate and key in one file, as HAProxy wants it for a listener. */
const HAPROXY_PEM_FILE = `${CONFIG_DIR}/tls/haproxy.pem`;

/** How a member is checked: up after 1 (Patroni's answer is authoritative), faster while in doubt. */
interface Checks {
  /**
   * `downinter` counts most: in one of the two backends each member is always down, and every HAProxy
   * checks every member. On five hosts it was the half of what an idle cluster takes of the processors.
   */
  readonly server: string;
  /** Longest time for an answer. */
  readonly timeout: string;
  /** How long a new connection waits while two members count as leader: one interval and a doubtful one more. */
  readonly oneLeads: string;
}

const QUICK: Checks = {
  server: "inter 1s fastinter 500ms downinter 500ms fall 2 rise 1",
  timeout: "2s",
  oneLeads: "1500ms",
};
/** A quarter of a second later at a new leader, on average, which its election takes many times over. */
const BALANCED: Checks = {
  ...QUICK,
  server: QUICK.server.replace("downinter 500ms", "downinter 1s"),
};
/** A network that loses a second now and then must not cost all connections to a member that is well. */
const PATIENT: Checks = {
  server: "inter 2s fastinter 1s downinter 2s fall 3 rise 1",
  timeout: "5s",
  oneLeads: "4s",
};
const CHECKS: Record<StackConfig["failover"]["profile"], Checks> = {
  fast: QUICK,
  balanced: BALANCED,
  tolerant: PATIENT,
};

/**
 * HAProxy takes every member for up until its first check is done, at its start and after a reload, and
 * for a second two of them when leadership moves: a client waits then, or would be sent to a replica.
 */
const oneLeads = (checks: Checks): string[] => [
  `tcp-request inspect-delay ${checks.oneLeads}`,
  "tcp-request content accept if { nbsrv(primary) le 1 }",
  "tcp-request content accept if WAIT_END",
];

/** haproxy.cfg: 5000 follows the leader, 5001 balances over the replicas, else the leader. */
export function renderHaproxy(
  config: StackConfig,
  topology: Topology,
  haproxy: HaproxyPlan,
  statsPassword: string,
): string {
  const checks = CHECKS[config.failover.profile];
  return [
    globalSection(statsPassword, checks),
    frontend("primary", haproxy.ports.primary, [...oneLeads(checks), "default_backend primary"]),
    frontend("replicas", haproxy.ports.replicas, [
      "use_backend replicas if { nbsrv(replicas) gt 0 }",
      "default_backend primary",
    ]),
    backend("primary", "/primary", "first", topology, checks),
    backend("replicas", `/replica?lag=${MAXIMUM_LAG_BYTES}`, "leastconn", topology, checks),
    statsSection(haproxy),
  ].join("\n");
}

function globalSection(statsPassword: string, { timeout }: Checks): string {
  return `global
  log stdout format raw local0 notice
  maxconn 4000
  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners
  # Connections outlive a reload, in the process that took them; that many reloads later it ends.
  mworker-max-reloads 20
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-server-options ssl-min-ver TLSv1.2

userlist operators
  user stats insecure-password ${haproxyWord(statsPassword)}

defaults
  mode tcp
  log global
  option dontlognull
  option clitcpka
  option srvtcpka
  # A process that a reload has left with its old connections makes no checks: a dead host has to show.
  srvtcpka-idle 5s
  srvtcpka-intvl 3s
  srvtcpka-cnt 3
  option redispatch
  retries 2
  timeout connect 3s
  timeout check ${timeout}
  # A connection lives as long as its two ends want: pools keep idle ones for days.
  timeout client 7d
  timeout server 7d
`;
}

function frontend(name: string, port: number, rules: readonly string[]): string {
  return `frontend ${name}\n  bind :${port}\n${rules.map((rule) => `  ${rule}\n`).join("")}`;
}

// OPTIONS has no body, which a check would leave unread: Patroni would log a stack trace each time.
function backend(
  name: string,
  uri: string,
  balance: string,
  topology: Topology,
  checks: Checks,
): string {
  return `backend ${name}
  balance ${balance}
  option httpchk
  http-check send meth OPTIONS uri ${haproxyWord(uri)}
  http-check expect status 200
  default-server check ${checks.server} check-ssl verify required ca-file ${CA_FILE} on-marked-down shutdown-sessions tcp-ut 15s
${topology.members.map(server).join("")}`;
}

function server(member: MemberPlan): string {
  const name = haproxyWord(member.name);
  return `  server ${name} ${member.address}:${member.port} port ${member.apiPort} verifyhost ${name} check-sni ${name}\n`;
}

function statsSection(haproxy: HaproxyPlan): string {
  return `frontend stats
  mode http
  bind :${haproxy.ports.stats} ssl crt ${HAPROXY_PEM_FILE}
  timeout client 10s
  http-request auth realm postgres-ha unless { http_auth(operators) }
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
  stats refresh 5s
`;
}
