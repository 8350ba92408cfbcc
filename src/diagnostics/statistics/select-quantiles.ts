import { positionOfQuantile, quantileOfSorted } from "./rank-normalize.ts";

/**
 * What `quantileOfSorted` gives for these numbers once sorted, but they are sorted only as far as necessary: O(n).
 *
 * Source: Hoare (1961), Algorithm 65: FIND.
 * @param values in any order; reordered
 * @param probabilities rising
 * @throws RangeError if a probability is outside [0, 1].
 */
export function selectQuantiles(values: Float64Array, probabilities: readonly number[]): number[] {
  let inOrder = 0;
  return probabilities.map((probability) => {
    if (values.length < 2) return quantileOfSorted(values, probability);
    const { index } = positionOfQuantile(values.length, probability);
    // None of the values before the place that was found last is larger than one behind it.
    select(values, index - 1, Math.min(inOrder, index - 1));
    select(values, index, index);
    inOrder = index;
    return quantileOfSorted(values, probability);
  });
}

/** Moves the values from `first` on so that the k-th of all is in its place: smaller ones before it, larger ones behind. */
export function select(values: Float64Array, k: number, first: number): void {
  let left = first;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[k];
    let i = left;
    let j = right;
    do {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i <= j) {
        const value = values[i];
        values[i++] = values[j];
        values[j--] = value;
      }
    } while (i <= j);
    if (j < k) left = i;
    if (k < i) right = j;
  }
}
