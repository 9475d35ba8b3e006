/** Which texts are secret, and whether one of them, in any common form, is in another text. */

/** A secret value and where it was found, for messages that do not show it. */
export interface Secret {
  readonly where: string;
  readonly value: string;
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** Shorter ones would be found by chance. */
const SHORTEST = 16;

/** Every secret value in a stack that was exported with its secrets in the clear. */
export function secretsOf(exported: string): Secret[] {
  const found: Secret[] = [];
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== "object" || value === null) return;
    const { [SIGNATURE]: mark, plaintext } = value as Record<string, unknown>;
    if (mark !== undefined && typeof plaintext === "string") {
      collect(JSON.parse(plaintext), where, found);
      return;
    }
    for (const [key, item] of Object.entries(value)) visit(item, `${where}.${key}`);
  };
  const { deployment } = JSON.parse(exported) as { deployment: { resources: { urn: string }[] } };
  for (const resource of deployment.resources)
    visit(resource, resource.urn.split("::").pop() ?? "");
  const byValue = new Map(found.map((secret) => [secret.value, secret]));
  return [...byValue.values()];
}

// What is secret inside of a secret value: `operations` holds addresses too, a file mostly words.
const NAMED =
  /"?(?:password|token|secret|encrypt|agent|initial_management|insecure-password|cipher-pass|passphrase)"?\s*[:= ]\s*"?([A-Za-z0-9+/=-]{16,})/gi;
const SECRET_KEY =
  /password|passphrase|token|key|secret|credentials|result|hash|^(keys|app|monitor|stats)$/i;

function collect(value: unknown, where: string, found: Secret[]): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) collect(item, `${where}.${key}`, found);
    return;
  }
  if (typeof value !== "string") return;
  const add = (text: string): void => {
    if (text.length >= SHORTEST) found.push({ where, value: text });
  };
  const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n([^-]*)-----END/.exec(value);
  // The third line of a P-256 key is a part of its public half, which its certificate has too.
  if (pem) (pem[1] ?? "").split("\n").slice(0, 2).forEach(add);
  for (const [, text = ""] of value.matchAll(NAMED)) add(text);
  for (const [, text = ""] of value.matchAll(/:\/\/[^:/]+:([^@]+)@/g))
    add(decodeURIComponent(text));
  const isWord =
    !/\s/.test(value) && !value.startsWith("postgresql://") && !value.startsWith("unix://");
  if (isWord && SECRET_KEY.test(where.split(".").pop() ?? "")) add(value);
  const quoted = /^"\w+" "([^"]+)"$/m.exec(value); // userlist.txt
  if (quoted) add(quoted[1] ?? "");
}

/** The forms in which a value may lie in a text: raw, base64 at each of three offsets, URL-encoded. */
export function forms(value: string): string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString("base64");
    // Only what depends on the value alone: not the characters shared with its neighbours.
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + Buffer.byteLength(value)) * 8) / 6);
    return text.slice(start, end);
  });
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([value, encodeURIComponent(value), ...base64, ...url])];
}

/** A search for all secrets at once. */
export class Search {
  private readonly wanted: { readonly where: string; readonly form: string }[];

  constructor(secrets: readonly Secret[]) {
    this.wanted = secrets.flatMap(({ where, value }) =>
      forms(value).map((form) => ({ where, form })),
    );
  }

  /** Which secrets a text holds, by where they come from; never the value. */
  in(text: string): string[] {
    return [
      ...new Set(this.wanted.filter(({ form }) => text.includes(form)).map(({ where }) => where)),
    ];
  }
}
