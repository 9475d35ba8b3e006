import { onPath } from "../../setup/process";
import { type Ran, run } from "./run";

/** Where psql comes from, and the folder with the files that a connection string names. */
export interface Psql {
  /** Image of the operator's engine that has it, for a machine that has none. */
  readonly image: () => Promise<string>;
  readonly folder: string;
}

/**
 * Runs psql with a connection string: the one of this machine, else that of the cluster's image on
 * the host's network. The string, which holds a password, goes by stdin to a shell.
 */
export async function runPsql({ image, folder }: Psql, uri: string, sql: string): Promise<Ran> {
  const script = 'read -r uri; exec psql -X -q -A -t -v ON_ERROR_STOP=1 "$uri"';
  const options = { stdin: `${uri}\n${sql}\n`, timeoutMs: 30_000 };
  if (onPath("psql") !== undefined) return run("sh", ["-c", script], options);
  const args = ["run", "--rm", "--interactive", "--network", "host", "--user", "0"];
  const mount = ["--volume", `${folder}:${folder}:ro`];
  return run(
    "docker",
    [...args, ...mount, "--entrypoint", "sh", await image(), "-c", script],
    options,
  );
}

/** A connection string as it is in the outputs, with the file of an authority added. */
export function withRoot(uri: string, file: string): string {
  return `${uri}&sslrootcert=${encodeURIComponent(file)}`;
}
