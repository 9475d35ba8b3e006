/**
 * Longest that a client may wait while the cluster changes, in ms. The figures are printed: 1.3 to 4 s on
 * two idle cores that carry three hosts, and what they are on busy ones is no behaviour of the product.
 */
export const MOST_STALL_MS = 15_000;
