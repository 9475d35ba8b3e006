/** `status`: how the cluster is. */
import type { Command } from "commander";
import { describe } from "../../control/errors";
import { verdictCode } from "../exitCode";
import type { Ops, Run } from "../ops";
import { findStatus } from "../status/find";
import { formatStatus } from "../status/format";
import { judge } from "../status/judge";

/** Adds the verb. */
export function addStatus(program: Command, run: Run): void {
  program
    .command("status")
    .description(
      "members, endpoints, Consul, pools, backups; exit code 0 healthy, 1 degraded, 2 down",
    )
    .action(() => run(status));
}

async function status(ops: Ops): Promise<number> {
  try {
    const found = judge(await findStatus(await ops.outputs()));
    ops.out(ops.json ? JSON.stringify(found, null, 2) : formatStatus(found, Date.now() / 1000));
    return verdictCode(found.verdict);
  } catch (error) {
    // Without outputs nothing is known: for what watches the cluster that is "not reachable".
    if (ops.json)
      ops.out(JSON.stringify({ verdict: "down", problems: [describe(error)] }, null, 2));
    ops.note(describe(error));
    return verdictCode("down");
  }
}
