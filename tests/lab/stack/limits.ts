/**
 * Longest that a client may wait while the cluster changes, in ms. The target is 3 s, and the figures are
 * printed: 1.3 to 4 s on two idle cores that carry three hosts. Twice the target is no noise any more.
 */
export const MOST_STALL_MS = 6000;

/** How often in a roll the two cores may stand still so long that nobody knows who led meanwhile. */
export const MOST_SILENCES = 2;
/**
 * Least that 28 writers, who offer 280 a second, get through while members or hosts go in turn, on the average. The target is
 * 200, and the figures are printed; less than this is no noise any more.
 */
export const LEAST_PER_SECOND = 150;
