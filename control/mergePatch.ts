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

/** The part of `live` that `owned` names; keys that are not there are left out. */
export function ownedPart(live: Document, owned: Document): Document {
  const part: Document = {};
  for (const [key, value] of Object.entries(owned)) {
    const found = live[key];
    if (found === undefined || found === null) continue;
    part[key] = isDocument(value) && isDocument(found) ? ownedPart(found, value) : found;
  }
  return part;
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
