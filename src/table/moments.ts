/** Count, mean, and sum of squared deviations from the mean. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** The moments of two samples taken together (Chan, Golub & LeVeque 1983); exactly 0 squares for equal constants. */
export function combine(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const difference = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (difference * b.count) / count,
    squares: a.squares + b.squares + (difference * difference * a.count * b.count) / count,
  };
}

/** Moments of a chunk's values. Deviations from the first value keep a constant column's mean and squares exact. */
export function momentsOf(values: Float64Array): Moments {
  const count = values.length;
  if (count === 0) return { count: 0, mean: 0, squares: 0 };
  const first = values[0];
  let sum = 0;
  for (let i = 1; i < count; i++) sum += values[i] - first;
  const mean = first + sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
  return { count, mean, squares };
}

/** A spread this small relative to the mean is the rounding error of equal values in double precision. */
const roundingLevel = 2 ** -50;

/** Whether a column's spread is no more than the rounding error of equal values. */
export function isRounding(spread: number, mean: number): boolean {
  return spread <= roundingLevel * Math.abs(mean);
}

/**
 * The centre and scale of a standardised column or target: its mean and sd, or without an intercept (which alone could
 * absorb the constant from centring) 0 and its root mean square.
 */
export function scalingOf(mean: number, sd: number, hasIntercept: boolean): { mean: number; scale: number } {
  return hasIntercept ? { mean, scale: sd } : { mean: 0, scale: Math.hypot(mean, sd) };
}

/** Moments of values in groups, which are numbered from 0 and may become more as chunks arrive. */
export class GroupMoments {
  private counts = new Float64Array(64);
  private means = new Float64Array(64);
  private squares = new Float64Array(64);
  private zeros = new Float64Array(64);

  /** Adds values[i] to group groups[i]; without values, each is 1. */
  add(groups: Int32Array, numGroups: number, values?: Float64Array): void {
    this.grow(numGroups);
    const { counts, means, squares, zeros } = this;
    if (!values) {
      for (let i = 0; i < groups.length; i++) counts[groups[i]]++;
      return;
    }
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i];
      const count = ++counts[group];
      const difference = values[i] - means[group];
      const mean = means[group] + difference / count;
      means[group] = mean;
      squares[group] += difference * (values[i] - mean);
      if (values[i] === 0) zeros[group]++;
    }
  }

  /** @param valued whether values were added; otherwise all of them were 1 */
  of(group: number, valued: boolean): Moments {
    const count = this.counts[group] ?? 0;
    return valued ? { count, mean: this.means[group], squares: this.squares[group] } : { count, mean: 1, squares: 0 };
  }

  /** Adds what was gathered elsewhere of a group. */
  merge(group: number, moments: Moments, nonZeros: number): void {
    this.grow(group + 1);
    const { counts, means, squares, zeros } = this;
    const own = { count: counts[group], mean: means[group], squares: squares[group] };
    const both = combine(own, moments);
    counts[group] = both.count;
    means[group] = both.mean;
    squares[group] = both.squares;
    zeros[group] += moments.count - nonZeros;
  }

  /** The number of non-zero values of a group. */
  nonZeros(group: number): number {
    return (this.counts[group] ?? 0) - (this.zeros[group] ?? 0);
  }

  private grow(size: number): void {
    if (size <= this.counts.length) return;
    const grown = (old: Float64Array) => {
      const larger = new Float64Array(Math.max(size, 2 * old.length));
      larger.set(old);
      return larger;
    };
    this.counts = grown(this.counts);
    this.means = grown(this.means);
    this.squares = grown(this.squares);
    this.zeros = grown(this.zeros);
  }
}
