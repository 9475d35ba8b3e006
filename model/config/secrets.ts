import { HIDDEN, type PathStep, type Problem } from "./problem";
import type { StackConfig } from "./schema";
import { SYSTEM_ROLES } from "./schema/names";

const SECRET_KEY =
  /(^|[._-]|[a-z](?=[A-Z]))(pg|ssh|db|user)?(passwords?|passwd|pwd|passphrase|secrets?|token|credentials?|api_?key|private_?key)(_?file)?$/i;
const SECRET_VALUE = /\b(password|passwd|pwd|passfile)\s*=|:\/\/[^/@\s]*:[^/@\s]+@|-----BEGIN /i;
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const SET_PASSWORD =
  'Set it as a secret: pulumi config set --secret --path "postgres-ha:passwords.USER".';

/** Passwords and other secrets anywhere but in the secret key `passwords`. Never shows a value. */
export function validateNoSecrets(raw: unknown, path: readonly PathStep[] = []): Problem[] {
  if (Array.isArray(raw)) {
    return raw.flatMap((entry: unknown, index) => validateNoSecrets(entry, [...path, index]));
  }
  if (typeof raw === "object" && raw !== null) {
    return Object.entries(raw).flatMap(([key, value]) => secretsOfKey(key, value, [...path, key]));
  }
  if (typeof raw !== "string" || !SECRET_VALUE.test(raw)) return [];
  const rule = "looks like it holds a password, which belongs in the secret key `passwords` only";
  return [{ path, value: HIDDEN, rule, remedy: `Take it out. ${SET_PASSWORD}` }];
}

/** The own passwords: declared users or system roles only, each strong enough to be used. */
export function validatePasswords(passwords: unknown, config: StackConfig | undefined): Problem[] {
  if (passwords === undefined) return [];
  if (typeof passwords !== "object" || passwords === null || Array.isArray(passwords)) {
    const rule = "must be a map from user to password";
    return [{ path: ["passwords"], value: HIDDEN, rule, remedy: SET_PASSWORD }];
  }
  return Object.entries(passwords).flatMap(([user, password]) => [
    ...validateUser(user, config),
    ...validatePassword(user, password),
  ]);
}

/** Takes every password out of the problems, wherever else it was written. */
export function hidePasswords(problems: readonly Problem[], passwords: unknown): Problem[] {
  const secrets = stringsIn(passwords, false).filter((secret) => secret.length >= 4);
  const hide = (text: string) =>
    secrets.reduce((shown, secret) => shown.split(secret).join("(hidden)"), text);
  const holdsSecret = (value: unknown) =>
    stringsIn(value).some((part) => secrets.some((secret) => part.includes(secret)));
  return problems.map((problem) => ({
    path: problem.path.map((step) => (typeof step === "string" ? hide(step) : step)),
    value: holdsSecret(problem.value) ? HIDDEN : problem.value,
    rule: hide(problem.rule),
    remedy: hide(problem.remedy),
  }));
}

function secretsOfKey(key: string, value: unknown, path: readonly PathStep[]): Problem[] {
  const isTopLevelPasswords = path.length === 1 && key === "passwords";
  if (isTopLevelPasswords) {
    const rule = "must be a secret, and is plain text";
    return [{ path, value: HIDDEN, rule, remedy: SET_PASSWORD }];
  }
  if (SECRET_KEY.test(key)) {
    const rule = "looks like a password, which belongs in the secret key `passwords` only";
    return [{ path, value: HIDDEN, rule, remedy: `Take it out. ${SET_PASSWORD}` }];
  }
  return validateNoSecrets(value, path);
}

function validateUser(user: string, config: StackConfig | undefined): Problem[] {
  if (config === undefined) return [];
  const known = [...config.postgres.users.map((entry) => entry.name), ...SYSTEM_ROLES];
  if (known.includes(user)) return [];
  return [
    {
      path: ["passwords", user],
      value: HIDDEN,
      rule: "is for a user that is not declared",
      remedy: `Declare the user in postgres.users, or use one of ${known.join(", ")}.`,
    },
  ];
}

function validatePassword(user: string, password: unknown): Problem[] {
  const path = ["passwords", user];
  const problem = (rule: string, remedy: string) => [{ path, value: HIDDEN, rule, remedy }];
  if (typeof password !== "string") {
    return problem("must be a text", "Put the password in quotation marks.");
  }
  if (password.length < 8 || password.length > 256) {
    return problem("must have 8 to 256 characters", "Choose a password of a fitting length.");
  }
  if (CONTROL_CHARACTER.test(password)) {
    return problem("must hold no control character or line break", "Choose a printable password.");
  }
  return [];
}

/** Every text in a value; a user name, which is a key of `passwords`, is no secret. */
function stringsIn(value: unknown, withKeys = true): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [
    ...(withKeys ? [key] : []),
    ...stringsIn(part, withKeys),
  ]);
}
