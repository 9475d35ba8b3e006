/** `consul`: where Consul's page is, and how to see it. */
import type { Command } from "commander";
import { httpsUrl } from "../../control/http";
import type { Ops, Run } from "../ops";
import type { StackOutputs } from "../stack/outputs";

/** Adds the verb. */
export function addConsul(program: Command, run: Run): void {
  program
    .command("consul")
    .description("address of Consul's page")
    .option("--show-token", "print the read-only token to log in with, a secret")
    .action((options: { showToken?: boolean }) =>
      run(async (ops: Ops) => {
        const found = consulPage(await ops.outputs(), options.showToken === true);
        ops.out(ops.json ? JSON.stringify(found, null, 2) : formatPage(found, ops.stack));
        return 0;
      }),
    );
}

interface Page {
  readonly urls: readonly string[];
  /** Read-only token; absent unless asked for. */
  readonly token?: string;
}

/** Addresses of the page, one for each server; pure. */
export function consulPage({ endpoints, operations }: StackOutputs, withToken: boolean): Page {
  const urls = endpoints.consul.map(({ host, port }) => httpsUrl(host, port, "/ui/"));
  return withToken ? { urls, token: operations.consulViewerToken } : { urls };
}

/** The page as text; pure. */
export function formatPage({ urls, token }: Page, stack: string): string {
  const suffix = stack === "dev" ? "" : ` --stack ${stack}`;
  const lines = [...urls];
  if (token !== undefined) lines.push(`token (read-only): ${token}`);
  else
    lines.push(
      `Log in with a read-only token: npm run --silent ops --${suffix} consul --show-token`,
    );
  const certificate = `npm run --silent pulumi -- stack output caCertificate --stack ${stack}`;
  lines.push(`The browser trusts it once it knows the authority: ${certificate}`);
  return lines.join("\n");
}
