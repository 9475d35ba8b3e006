/** Nested documents as Patroni's dynamic configuration treats them: objects merge, null removes. */

/** A nested document. */
export type Document = Record<string, unknown>;

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The patch that removes what `old` names and `now` does not, and sets all of `now`. */
export function patchFor(old: Document, now: Document): Document {
  const patch: Document = {};
  for (const key of Object.keys(old)) if (!(key in now)) patch[key] = null;
  for (const [key, value] of Object.entries(now)) {
    const before = old[key];
    patch[key] = isDocument(value) && isDocument(before) ? patchFor(before, value) : value;
  }
  return patch;
}

/**
 * Owned as a whole: PostgreSQL's parameters. One that nobody declared is drift like a changed one,
 * and one that is declared no more goes back to its default however its change had ended.
 */
const WHOLE = "parameters";

/** The part of `live` that `owned` names; keys that are not there are left out. */
export function ownedPart(live: Document, owned: Document): Document {
  const part: Document = {};
  for (const [key, value] of Object.entries(owned)) {
    const found = live[key];
    if (found === undefined || found === null) continue;
    const whole = key === WHOLE || !isDocument(value) || !isDocument(found);
    part[key] = whole ? found : ownedPart(found, value);
  }
  return part;
}

/** Both documents in one; where both name a value, the second's. */
export function merged(first: Document, second: Document): Document {
  const all: Document = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = first[key];
    all[key] = isDocument(value) && isDocument(before) ? merged(before, value) : value;
  }
  return all;
}

/** Whether a patch would change `live`. */
export function changes(live: Document, patch: Document): boolean {
  return Object.entries(patch).some(([key, value]) => {
    const found = live[key];
    if (value === null || value === undefined) return found !== undefined && found !== null;
    if (isDocument(value)) return !isDocument(found) || changes(found, value);
    return JSON.stringify(found) !== JSON.stringify(value);
  });
}
