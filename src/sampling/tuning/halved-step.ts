import type { LowRankApproximation } from "../../estimation/local-approximation.ts";

/** M: variances over all draws. */
export function variancesOf({ mode }: LowRankApproximation, positions: readonly Float32Array[]): Float64Array {
  const dimension = mode.length;
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  let count = 0;
  for (const values of positions) {
    count += values.length / dimension;
    for (let at = 0; at < values.length; at++) {
      const deviation = values[at] - mode[at % dimension];
      sums[at % dimension] += deviation;
      squares[at % dimension] += deviation * deviation;
    }
  }
  return squares.map((square, j) => (square - sums[j] ** 2 / count) / (count - 1));
}

const numGroups = 10;

/**
 * The largest relative change of the sds, averaged over a tenth of the coefficients each, taken in the order of how much the
 * data say of them: one coefficient's sd is known too roughly from short runs, hundreds together are known well.
 */
export function sdChangeOf(
  { priorCurvatures, curvatures }: LowRankApproximation,
  coarse: Float64Array,
  fine: Float64Array,
): number {
  const order = [...curvatures.keys()].sort(
    (a, b) => priorCurvatures[a] / curvatures[a] - priorCurvatures[b] / curvatures[b],
  );
  let largest = 0;
  for (let group = 0; group < numGroups; group++) {
    const from = Math.floor((group * order.length) / numGroups);
    const members = order.slice(from, Math.floor(((group + 1) * order.length) / numGroups));
    const change = members.reduce((sum, j) => sum + 0.5 * Math.log(coarse[j] / fine[j]), 0) / members.length;
    largest = Math.max(largest, Number.isFinite(change) ? Math.abs(change) : Number.POSITIVE_INFINITY);
  }
  return largest;
}
