/** How many members and Consul servers a cluster needs while one more goes away. */

/** Votes that Consul's leader needs. */
export function quorumOf(servers: number): number {
  return Math.floor(servers / 2) + 1;
}

/** What can be reached, and how many more are on hosts that are out. */
export interface Reached {
  readonly near: number;
  readonly out: number;
}

/** With members out, and one more away, no leader with a streaming replica would be left. */
export function tooFewMembers({ near, out }: Reached): boolean {
  return out > 0 && near < 3;
}

/** With servers out, and one more away, those that are left would have no majority. */
export function tooFewServers({ near, out }: Reached): boolean {
  return out > 0 && near - 1 < quorumOf(near + out);
}
