/**
 * Longest that a client may wait while the cluster changes, in ms. The target is 3 s, and the figures are
 * printed: 1.3 to 4 s on two idle cores that carry three hosts. Twice the target is no noise any more.
 */
export const MOST_STALL_MS = 6000;
