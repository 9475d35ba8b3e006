/** `maintenance`: takes a host out in order, and back in. */
import { Argument, type Command } from "commander";
import { ControlError } from "../../control/errors";
import { maintenanceWarnings } from "../maintenance/judge";
import { leave, refuse, situation, type Work } from "../maintenance/leave";
import { comeBack } from "../maintenance/return";
import type { Ops, Run } from "../ops";
import type { StackOutputs } from "../stack/outputs";
import { refuseBusy } from "../stack/busy";
import { deadHosts, withoutHosts } from "../stack/reachable";
import { hostsOf } from "../status/hosts";
import { confirm } from "../terminal/ask";
import { timeLimit } from "./switchover";

interface Options {
  readonly timeout: number;
}

/** Adds the verb. */
export function addMaintenance(program: Command, run: Run): void {
  program
    .command("maintenance")
    .description("take a host out for maintenance, a reboot included, or back in")
    .argument("<host>", "name of the host in the stack config")
    .addArgument(new Argument("<mode>", "out (on) or back in (off)").choices(["on", "off"]))
    .option("--timeout <seconds>", "give up each wait after this long", timeLimit, 180)
    .action((host: string, mode: "on" | "off", options: Options) =>
      run((ops) => maintenance(ops, host, mode, options)),
    );
}

async function maintenance(
  ops: Ops,
  name: string,
  mode: "on" | "off",
  options: Options,
): Promise<number> {
  const outputs = await ops.outputs();
  const host = hostNamed(outputs, name);
  refuseBusy(ops.stack, `take host ${host} ${mode === "on" ? "out" : "back in"}`);
  const note = (text: string): void => ops.note(text);
  const dead = await deadHosts(outputs, note);
  if (dead.has(host)) throw unreachable(outputs, host);
  const timeoutMs = options.timeout * 1000;
  const work: Work = { outputs, near: withoutHosts(outputs, dead), host, timeoutMs, note };
  const containers = mode === "on" ? await goOut(ops, work) : await comeBack(work);
  if (ops.json) ops.out(JSON.stringify({ host, maintenance: mode, containers }));
  else ops.out(resultText(host, mode, containers.length));
  return 0;
}

async function goOut(ops: Ops, work: Work): Promise<string[]> {
  const found = await situation(work);
  refuse(found);
  for (const warning of maintenanceWarnings(found)) ops.note(`! ${warning}`);
  await confirm(
    ops.yes,
    `Everything of cluster ${work.outputs.clusterName} on host ${work.host} is stopped; connections to this host end, clients have to use the others`,
  );
  // Time has passed since: what held before the question has to hold now.
  refuse(await situation(work));
  return leave(work);
}

/** The host of a name; throws with the names that there are. Pure. */
export function hostNamed(outputs: StackOutputs, name: string): string {
  const names = hostsOf(outputs).map((host) => host.name);
  if (names.includes(name)) return name;
  throw new ControlError({
    doing: `find the host "${name}"`,
    where: `cluster ${outputs.clusterName}`,
    found: "it has no host of that name",
    remedy: `Name one of: ${names.join(", ")}`,
  });
}

function unreachable({ clusterName }: StackOutputs, host: string): ControlError {
  return new ControlError({
    doing: `stop or start the containers of host ${host}`,
    where: `cluster ${clusterName}`,
    found: "its Docker engine does not answer",
    remedy: `Nothing was done. A host that is out is left alone by \`up\` with \`state: unreachable\` in the stack config.`,
  });
}

/** What was done, in words; pure. */
export function resultText(host: string, mode: "on" | "off", containers: number): string {
  const what = containers === 1 ? "1 container" : `${containers} containers`;
  if (mode === "off") {
    const before = containers === 0 ? "nothing had to be started" : `${what} started`;
    return `Host ${host} is back: ${before}, all of it works.`;
  }
  const before = containers === 0 ? "nothing ran there any more" : `${what} stopped`;
  return `Host ${host} is out: ${before}. They stay stopped over a reboot; \`up\` would start them. Back in: ops -- maintenance ${host} off`;
}
