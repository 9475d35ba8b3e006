import { CHECKS } from "./checks";
import { collectWarnings } from "./checks/warnings";
import { problemsOf } from "./issues";
import { ConfigError, type Problem } from "./problem";
import { isKnown, isLost, salvage, type Salvage } from "./salvage";
import { CONFIG_KEYS, type StackConfig } from "./schema";
import { hidePasswords, validateNoSecrets, validatePasswords } from "./secrets";

/** A config that passed every check. */
export interface ParsedConfig {
  /** The config, defaults applied. */
  readonly config: StackConfig;
  /** What is allowed but weaker than it could be, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Checks the stack config and applies its defaults.
 *
 * @param raw The keys of namespace `postgres-ha` as they stand, without `passwords`.
 * @param passwords The secret key `passwords`: user to password. No message ever shows a value.
 * @throws {ConfigError} with every problem at once.
 */
export function parseConfig(raw: unknown, passwords?: Record<string, unknown>): ParsedConfig {
  const secretProblems = validateNoSecrets(raw);
  const rest = salvage(raw);
  const schemaProblems = problemsOf(rest.issues, raw).filter(
    (problem) => !isKnown(problem, secretProblems),
  );
  const early = [...secretProblems, ...schemaProblems];
  const problems = [
    ...early,
    ...crossProblems(rest).filter((problem) => !isKnown(problem, early)),
    ...validatePasswords(passwords, usersLost(rest) ? undefined : rest.config),
  ];
  if (problems.length > 0 || rest.config === undefined) {
    const secrets = [passwords, plainPasswords(raw)];
    throw new ConfigError(hidePasswords(inOrder(problems), secrets));
  }
  return { config: rest.config, warnings: collectWarnings(rest.config) };
}

/** A check that counts what was taken out would report what is not wrong: it waits. */
function crossProblems({ config, removed, original }: Salvage): Problem[] {
  if (config === undefined) return [];
  return CHECKS.filter(({ needs }) => !needs.some((need) => isLost(need, removed)))
    .flatMap(({ run }) => run(config))
    .map((problem) => ({ ...problem, path: original(problem.path) }));
}

function usersLost({ removed }: Salvage): boolean {
  return isLost("postgres.users.*", removed);
}

/** Passwords given in plain text by mistake are not shown either. */
function plainPasswords(raw: unknown): unknown {
  if (typeof raw !== "object" || raw === null || !("passwords" in raw)) return undefined;
  return raw.passwords;
}

/** By top-level key in the order of the reference; within a key as found. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const rank = (problem: Problem) => CONFIG_KEYS.indexOf(String(problem.path[0]));
  return [...problems].sort((left, right) => rank(left) - rank(right));
}
