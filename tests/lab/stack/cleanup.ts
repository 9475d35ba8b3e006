/** Removes all that the tests of the product leave: works at once, as the last act of a process. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { root } from "../../../setup/paths";
import { removeRenewed } from "./checkout";
import { LABEL, workFolder } from "./identity";

/** Takes the lab down and removes images and files; what is not there is fine. */
export function removeAll(): void {
  const script = join(root, "setup", "run.mjs");
  const env = { ...process.env, PGHA_LAB: LABEL };
  const { status, stderr } = spawnSync(process.execPath, [script, "lab", "down"], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) process.stderr.write(`removing the lab of the tests: ${stderr}\n`);
  removeRenewed();
  rmSync(workFolder, { recursive: true, force: true });
}
