/** What every verb is given. */
import type { StackOutputs } from "./stack/outputs";
import { readStack } from "./stack/read";

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly stack: string;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** The stack at hand, and where to write. */
export interface Ops {
  readonly stack: string;
  /** Print JSON. */
  readonly json: boolean;
  /** Ask nothing. */
  readonly yes: boolean;
  /** The stack's outputs; read from the backend once, when first asked for. */
  outputs(): Promise<StackOutputs>;
  /** Writes a line to stdout: what was asked for. */
  out(text: string): void;
  /** Writes a line to stderr: what goes on. */
  note(text: string): void;
}

/** Runs a verb's work; what it returns becomes the exit code. */
export type Run = (work: (ops: Ops) => Promise<number>) => Promise<void>;

/** The context of one command. */
export function makeOps(options: GlobalOptions): Ops {
  let outputs: Promise<StackOutputs> | undefined;
  return {
    stack: options.stack,
    json: options.json === true,
    yes: options.yes === true,
    outputs: () => (outputs ??= readStack(options.stack)),
    out: (text) => void process.stdout.write(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
  };
}
