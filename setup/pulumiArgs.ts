/** What the wrapper has to know of a Pulumi command line. */
export interface PulumiCommand {
  /** The command, `stack` or `up`; empty when there is none (`--help`). */
  verb: string;
  /** The first word after it, `init` of `stack init`; empty when there is none. */
  sub: string;
  /** What follows verb and sub without a dash. */
  words: string[];
  /** The stack named by --stack, if any. */
  stack?: string;
  /** The directory named by --cwd, if any. */
  cwd?: string;
  /** The person's own --config-file, if any. */
  configFile?: string;
  /** True when only a part of the stack is meant: --target, --exclude. */
  partial: boolean;
  /** False when live state is not to be read: --refresh=false. */
  refresh: boolean;
  /** True when only help is asked for. */
  help: boolean;
}

// Flags that take their value from the next word; others have it after "=" or need none. A flag
// missing here only matters when it stands before the command or names what looks like one.
const valued = new Set(
  "-C --cwd -s --stack --config-file --color -v --verbose --profiling --tracing --memprofilerate --otel-traces -c --config -m --message -p --parallel -t --target --file -x --exclude --replace --target-replace --policy-pack --policy-pack-config --plan --save-plan --copy-config-from --secrets-provider --override-env --shell --parent --provider".split(
    " ",
  ),
);

/** Reads a Pulumi command line as far as the wrapper needs it. */
export function parsePulumiArgs(args: string[]): PulumiCommand {
  const words: string[] = [];
  const values = new Map<string, string>();
  let help = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") break;
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const [flag = "", value] = split(arg);
    if (flag === "-h" || flag === "--help") help = true;
    if (value !== undefined) values.set(flag, value);
    else if (valued.has(flag)) values.set(flag, args[++i] ?? "");
  }
  const [verb = "", sub = "", ...rest] = words;
  return {
    verb: synonyms[verb] ?? verb,
    sub,
    words: rest,
    stack: values.get("--stack") ?? values.get("-s"),
    cwd: values.get("--cwd") ?? values.get("-C"),
    configFile: values.get("--config-file"),
    partial: ["-t", "--target", "-x", "--exclude"].some((flag) => values.has(flag)),
    refresh: !/^(0|f|false)$/i.test(values.get("--refresh") ?? values.get("-r") ?? ""),
    help,
  };
}

const synonyms: Record<string, string> = {
  update: "up",
  dn: "destroy",
  down: "destroy",
  pre: "preview",
  st: "state",
  cfg: "config",
  conf: "config",
};

// "--stack=dev", "-s=dev", "-sdev".
function split(arg: string): [string, string?] {
  const equals = arg.indexOf("=");
  if (equals > 0) return [arg.slice(0, equals), arg.slice(equals + 1)];
  if (/^-[Csm]./.test(arg)) return [arg.slice(0, 2), arg.slice(2)];
  return [arg];
}

/** Which stack file a command works with, and where it runs. */
export type Place = "program" | "shadow" | "plain";

/**
 * - `program`: runs where the program is, with the generated stack file as --config-file.
 * - `shadow`: needs no program and may write a stack file, so it runs in the folder of the generated ones.
 * - `plain`: has to do with no stack.
 */
export function placeOf({ verb, sub, help }: PulumiCommand): Place {
  if (help) return "plain";
  if (["up", "preview", "refresh", "destroy", "import", "watch", "logs"].includes(verb))
    return "program";
  if (verb === "config" || verb === "state" || verb === "cancel") return "shadow";
  if (verb === "stack" && !["ls", "unselect"].includes(sub)) return "shadow";
  return "plain";
}

/** True when the command takes a stack by --stack, so that the default can be given it. */
export function takesStack({ verb, sub, words }: PulumiCommand): boolean {
  if (verb === "cancel") return sub === "";
  if (verb !== "stack") return true;
  return sub === "rm" || sub === "init" ? words.length === 0 : true;
}

/** True when a command takes the whole cluster down, not a part of it: `down` is one. */
export function takesAllDown({ verb, partial, help }: PulumiCommand): boolean {
  return verb === "destroy" && !partial && !help;
}
