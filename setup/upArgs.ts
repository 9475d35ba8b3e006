/** The options of `up` and `down`. */
export interface UpOptions {
  stack: string;
  yes: boolean;
  deleteData: boolean;
  /** Everything else, for Pulumi. */
  rest: string[];
}

/** Takes the project's own options out of a command line; the rest is Pulumi's. */
export function parseUpArgs(args: string[], defaultStack: string): UpOptions {
  const options: UpOptions = { stack: defaultStack, yes: false, deleteData: false, rest: [] };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--stack" || arg === "-s") {
      const name = args[++i];
      if (!name) throw new Error(`${arg} needs the name of a stack after it, as in "${arg} dev".`);
      options.stack = name;
    } else if (arg.startsWith("--stack=")) options.stack = arg.slice("--stack=".length);
    else if (arg === "--yes" || arg === "-y") options.yes = true;
    else if (arg === "--delete-data") options.deleteData = true;
    else options.rest.push(arg);
  }
  return options;
}
