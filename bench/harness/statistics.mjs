// What rounds of measurements come to.

/** Linear interpolation between order statistics. */
export function quantile(values, probability) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = probability * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export const median = (values) => quantile(values, 0.5);

/** Median, extremes and number of the values that are there; undefined where none is. */
export function summary(values) {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0) return undefined;
  return { median: median(known), low: Math.min(...known), high: Math.max(...known), rounds: known.length };
}

/**
 * Theirs over ours, in pairs of the same round, so that what slows a whole round down cancels. Rounds that one of the two did not
 * finish are left out.
 */
export function pairedRatio(theirs, ours) {
  return summary(theirs.map((value, round) => value / ours[round]));
}
