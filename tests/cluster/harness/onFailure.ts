import { mkdirSync, writeFileSync } from "node:fs";
import { beforeEach, onTestFailed } from "vitest";
import { logs, ownContainers } from "./docker";
import { work } from "./identity";

const TAIL = "25";

// An interrupted run ends the process that started this one, which else would go on alone; vitest
// lets no test call process.exit.
function endAlone(): void {
  process.kill(process.pid, "SIGKILL");
}
if (!process.listeners("disconnect").some(({ name }) => name === endAlone.name))
  process.prependOnceListener("disconnect", endAlone);

/** Shows the last log lines of all members, and keeps all logs of all containers, when a test fails. */
beforeEach(() => {
  onTestFailed(async ({ task }) => {
    const folder = work("failures", task.name.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60));
    mkdirSync(folder, { recursive: true });
    for (const container of await ownContainers()) {
      writeFileSync(`${folder}/${container}.log`, await logs(container).catch(String));
      if (!container.includes("-postgres-")) continue;
      const tail = await logs(container, TAIL).catch(String);
      process.stdout.write(`--- last log lines of ${container}\n${tail}\n`);
    }
    process.stdout.write(`--- all logs: ${folder}\n`);
  });
});
