import { join } from "node:path";
import { capturePulumi, createStack, defaultStack, runPulumi, stackExists } from "./pulumi";
import { readProject } from "./stackCopy";
import { recover } from "./recover";
import { ensure, onTerminal, parts } from "./setup";
import { stackConfig } from "../ops/stack/config";
import { root, state } from "./paths";
import { say } from "./progress";
import { projectBackend, stacksFolder } from "./state";
import { writeWhole } from "./stamp";
import { parseUpArgs } from "./upArgs";

/** What `up` reads of the stack's outputs. */
interface Outputs {
  clusterName?: string;
  caCertificate?: string;
  endpoints?: Record<string, { host: string; port: number }[]>;
  connectionStrings?: Record<string, Record<string, string>>;
}

/** `npm run up -- [--stack S] [--yes] [flags of pulumi up]`. */
export async function upVerb(args: string[]): Promise<number> {
  const { stack, yes, deleteData, rest } = parseUpArgs(args, defaultStack());
  if (deleteData) throw new Error('--delete-data belongs to "npm run down".');
  await ensure(parts, { yes: yes || !onTerminal() });
  const first = !(await stackExists(stack));
  if (first) await createStack(stack);
  // A bad stack file is refused before a container is removed that nothing would make again.
  else await recover(readProject(root).name, stack, () => void stackConfig(stack));
  const go = yes || !onTerminal() || stack === "dev";
  // A preview that nobody looks at doubles the time. What is to be refused is refused without it:
  // bad config before any resource, a bad change of shape before any host is touched.
  const flags = go ? ["--yes", "--skip-preview"] : [];
  const code = await runPulumi(["up", "--stack", stack, "--suppress-outputs", ...flags, ...rest]);
  if (code !== 0) {
    say(
      `\n"pulumi up" of stack "${stack}" ended with ${code}; what it said is above. Correct the cause and run the same command again: it goes on from here.`,
    );
    return code;
  }
  await tellEndpoints(stack, first);
  return 0;
}

async function tellEndpoints(stack: string, first: boolean): Promise<void> {
  const { code, stdout, stderr } = await capturePulumi([
    "stack",
    "output",
    "--json",
    "--show-secrets",
    "--stack",
    stack,
  ]);
  if (code !== 0)
    throw new Error(
      `The cluster is up, but reading the outputs of stack "${stack}" failed (exit ${code}): ${stderr.trim()}`,
    );
  const outputs = parseOutputs(stdout, stack);
  const ca = outputs.caCertificate ? writeCa(stack, outputs.caCertificate) : undefined;
  process.stdout.write(`\n${describe(outputs, stack, ca)}\n`);
  if (first) process.stdout.write(`\n${keysNotice(stack)}\n`);
}

// Node's own error would quote the text, which holds secrets.
function parseOutputs(text: string, stack: string): Outputs {
  try {
    return JSON.parse(text) as Outputs;
  } catch {
    throw new Error(
      `The cluster is up, but the outputs of stack "${stack}" are no JSON. Look at them: npm run --silent pulumi -- stack output --stack ${stack}`,
    );
  }
}

// Public, so it may lie there for psql to read.
function writeCa(stack: string, certificate: string): string {
  const file = join(stacksFolder(readProject(root).name), `${stack}.ca.pem`);
  writeWhole(file, certificate);
  return file;
}

/** The endpoints and how to connect, as `up` prints them: without any password. */
export function describe(outputs: Outputs, stack: string, caFile: string | undefined): string {
  const suffix = stack === "dev" ? "" : ` --stack ${stack}`;
  const lines = [`Cluster ${outputs.clusterName ?? stack} is up.`];
  for (const [name, list] of Object.entries(outputs.endpoints ?? {})) {
    if (list.length > 0)
      lines.push(
        `  ${name.padEnd(16)}${list.map(({ host, port }) => `${host}:${port}`).join(", ")}`,
      );
  }
  const [database] = Object.values(outputs.connectionStrings ?? {});
  const uri = database?.pooledPrimary ?? database?.primary;
  if (uri) {
    lines.push("", `connect with: psql '${withoutPassword(uri, caFile)}'`);
    lines.push(
      `  (password: npm run --silent pulumi -- stack output credentials --json --show-secrets${suffix})`,
    );
  }
  return lines.join("\n");
}

/** A libpq URI without its password, and with the file of the certificate authority. */
export function withoutPassword(uri: string, caFile: string | undefined): string {
  const bare = uri.replace(/^(postgres(?:ql)?:\/\/[^:@/]*):[^@/]*@/, "$1@");
  if (!caFile) return bare;
  return `${bare}${bare.includes("?") ? "&" : "?"}sslrootcert=${encodeURI(caFile)}`;
}

function keysNotice(stack: string): string {
  const where = projectBackend() ? ` (${state()})` : "";
  const suffix = stack === "dev" ? "" : ` --stack ${stack}`;
  return [
    `Keep the keys: the passwords, the certificate authority and the backup passphrase are in the state${where} and nowhere else.`,
    `Without them the data and its backups cannot be opened. Write an encrypted copy: npm run ops --${suffix} export-keys`,
  ].join("\n");
}
