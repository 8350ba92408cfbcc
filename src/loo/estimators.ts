/** A sum over N rows, as it is known from n of them. */
export interface EstimatedSum {
  /** Σ y over all rows. */
  readonly sum: number;
  /** √(N Var y): how far the sum of other N rows of the same kind would be from this. */
  readonly se: number;
  /** Standard error that comes of reading n of N rows; 0 where n = N. */
  readonly subsampling: number;
}

/** What is known of every row, where y is known of some alone. */
export interface Surrogates {
  /** N: ỹ */
  readonly all: Float32Array;
  /** n: the places of the sampled rows among all. */
  readonly places: Float64Array;
}

/**
 * Σ y over N rows by the difference estimator: Σ_N ỹ + (N/n) Σ_n (y − ỹ), of a simple random sample without replacement. Its
 * standard error is N √((1 − n/N) Var(y − ỹ)/n).
 *
 * Source: Magnusson, Vehtari, Jonasson & Andersen (2020), *Leave-One-Out Cross-Validation for Bayesian Model Comparison in Large
 * Data*, AISTATS, eqs. 7 to 10.
 * @param values y of the n rows
 * @param total N
 * @param surrogates ỹ; left out, 0 of every row
 */
export function estimateSum(values: Float64Array, total: number, surrogates?: Surrogates): EstimatedSum {
  const n = values.length;
  if (n === total) {
    const { mean, squares } = moments(values);
    return { sum: mean * n, se: Math.sqrt(squares), subsampling: 0 };
  }
  const known = surrogates?.all;
  // Centred, so that the difference of squares keeps its digits.
  const ofAll = known ? moments(known) : moments(values);
  const surrogateOf = (i: number) => (known ? known[surrogates.places[i]] - ofAll.mean : 0);
  const differences = values.map((value, i) => value - ofAll.mean - surrogateOf(i));
  const gap = moments(differences);
  const variance = n > 1 ? gap.squares / (n - 1) : 0;
  const subsampling = total * Math.sqrt(((1 - n / total) * variance) / n);
  let excess = 0;
  for (let i = 0; i < n; i++) excess += (values[i] - ofAll.mean) ** 2 - surrogateOf(i) ** 2;
  const squares = (known ? ofAll.squares : 0) + (total / n) * excess;
  // E of the estimated sum's square exceeds that of the sum by the variance of sampling.
  const centred = total * gap.mean;
  const spread = squares - (centred ** 2 - subsampling ** 2) / total;
  return { sum: total * ofAll.mean + centred, se: Math.sqrt(Math.max(0, spread)), subsampling };
}

/** Mean and Σ (y − ȳ)² (Welford 1962). */
function moments(values: Float64Array | Float32Array): { readonly mean: number; readonly squares: number } {
  let [mean, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - mean;
    mean += difference / (i + 1);
    squares += difference * (values[i] - mean);
  }
  return { mean, squares };
}
