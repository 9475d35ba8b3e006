/** `firewall`: rules for each host of a stack, from its config alone. Changes nothing. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { ControlError, describe } from "../../control/errors";
import type { HostPlan, Topology } from "../../model/topology";
import { iptablesRules } from "../firewall/iptables";
import { nftRules } from "../firewall/nft";
import { type Allowed, firewallPlan, parseNetworks } from "../firewall/plan";
import type { Ops, Run } from "../ops";
import { stackTopology } from "../stack/config";

interface Options {
  readonly format: "nft" | "iptables";
  readonly clients: readonly string[];
  readonly operators: readonly string[];
}

/** Adds the verb. */
export function addFirewall(program: Command, run: Run): void {
  const format = new Option("--format <format>", "for which tool").choices(["nft", "iptables"]);
  program
    .command("firewall")
    .description("print firewall rules for the hosts; nothing is changed, no cluster is needed")
    .argument("[host]", "one host; all unless given")
    .addOption(format.default("nft"))
    .option("--clients <networks>", "who may use the database: 10.0.0.0/16,10.9.0.7", networks, [])
    .option(
      "--operators <networks>",
      "who may use Consul's page, HAProxy's statistics, Patroni's API",
      networks,
      [],
    )
    .action((host: string | undefined, options: Options) =>
      run((ops) => Promise.resolve(firewall(ops, host, options))),
    );
}

function networks(text: string): string[] {
  try {
    return parseNetworks(text);
  } catch (error) {
    throw new InvalidArgumentError(describe(error));
  }
}

function firewall(ops: Ops, name: string | undefined, options: Options): number {
  const topology = stackTopology(ops.stack);
  const texts = chosenHosts(topology, name).map((host) => ({
    host: host.access.name,
    format: options.format,
    rules: rulesFor(topology, host, options.format, options),
  }));
  if (options.clients.length === 0) {
    ops.note("No --clients: these rules close the client ports to everybody.");
  }
  if (ops.json) ops.out(JSON.stringify(texts, null, 2));
  else ops.out(texts.map(({ rules }) => rules.trimEnd()).join("\n\n"));
  return 0;
}

/** The host of a name, or all of them; pure. */
export function chosenHosts({ hosts, cluster }: Topology, name: string | undefined) {
  const chosen = hosts.filter(({ access }) => name === undefined || access.name === name);
  if (chosen.length > 0) return chosen;
  throw new ControlError({
    doing: "find the host",
    where: `cluster ${cluster}`,
    found: `it has no host named "${name ?? ""}"`,
    remedy: `Name one of: ${hosts.map(({ access }) => access.name).join(", ")}`,
  });
}

/** The rules of a host as text; pure. */
export function rulesFor(
  topology: Topology,
  host: HostPlan,
  format: Options["format"],
  allowed: Allowed,
): string {
  const plan = firewallPlan(topology, host, allowed);
  if (plan !== undefined) return format === "nft" ? nftRules(plan) : iptablesRules(plan);
  const { name } = host.access;
  return `# Cluster ${topology.cluster}, host ${name}: it publishes on ${host.clientAddress} only, which nobody else reaches: no rules.\n`;
}
