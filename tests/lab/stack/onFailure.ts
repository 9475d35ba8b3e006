import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { beforeEach, onTestFailed } from "vitest";
import { printed } from "./commands";
import { containersOf, logs } from "./hosts";
import { lab, work } from "./identity";

const TAIL = "25";

// An interrupted run ends the process that started this one, which else would go on alone; vitest
// lets no test call process.exit.
function endAlone(): void {
  process.kill(process.pid, "SIGKILL");
}
if (!process.listeners("disconnect").some(({ name }) => name === endAlone.name))
  process.prependOnceListener("disconnect", endAlone);

/** Keeps all logs of all containers, and what the commands printed, when a test fails. */
beforeEach(() => {
  onTestFailed(async ({ task }) => {
    if (!existsSync(work("outputs.json"))) return;
    const folder = work("failures", task.name.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60));
    mkdirSync(folder, { recursive: true });
    if (existsSync(printed)) copyFileSync(printed, `${folder}/commands.log`);
    for (const { name: host, power } of await lab.status()) {
      if (power === "off") continue;
      for (const container of (await containersOf(host)).keys()) {
        writeFileSync(`${folder}/${container}.log`, await logs(host, container).catch(String));
        if (!container.includes("-postgres-")) continue;
        const tail = await logs(host, container, TAIL).catch(String);
        process.stdout.write(`--- last log lines of ${container}\n${tail}\n`);
      }
    }
    process.stdout.write(`--- all logs: ${folder}\n`);
  });
});
