import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";

/** A point of a density exp(−loss) on a line: loss and its derivative there. */
export interface ProfilePoint {
  readonly t: number;
  readonly loss: number;
  readonly slope: number;
}

/** t = τ(u), increasing, with the two derivatives that a change of variables needs. */
export interface Warp {
  value(u: number): number;
  /** log τ'(u) and its derivative, and τ'(u) itself. */
  slope(u: number): { readonly slope: number; readonly log: number; readonly logSlope: number };
}

/** Parts of an interval between two points, for integrals. */
const parts = 8;
/** Least distance of two knots in u, and where the map goes on as a straight line. */
const knotDistance = 0.1;
const outermost = 5;
/** The least slope, over the tail's own scale; a normal law's slope is that scale. */
const leastSlope = 0.5;

/**
 * The map τ = F⁻¹ ∘ Φ that makes the density exp(−loss), F its distribution function, of a standard normal variable, as a
 * spline of cubics: the exact values and derivatives τ'(u) = φ(u)/f(τ(u)) at its knots, straight lines outside of them. Used
 * as a change of variables with its own derivatives it is exact, however well it approximates.
 *
 * Far inside a tail that ends at a wall, τ' falls to 0: what is one wall on this line would leave no room for a wall that lies a little further out
 * elsewhere. The straight lines begin where τ' is half of the wall's own thickness.
 * @param points in the order of t, their losses convex or nearly so, the outermost far in the tails
 */
export function quantileWarp(points: readonly ProfilePoint[]): Warp {
  const { t, density, below, above } = integrate(points);
  const total = below[below.length - 1];
  const scales = { left: tailScale(points.toReversed()), right: tailScale(points) };
  const us: number[] = [];
  const values: number[] = [];
  const slopes: number[] = [];
  for (let k = 1; k < t.length - 1; k++) {
    // The smaller tail, so that none is lost by subtraction.
    const isLeft = below[k] < above[k];
    const tail = normalQuantile((isLeft ? below[k] : above[k]) / total, 0, 1);
    const u = isLeft ? tail : -tail;
    const previous = us.length > 0 ? us[us.length - 1] : -Infinity;
    if (!(Math.abs(u) <= outermost) || u - previous < knotDistance || !(density[k] > 0)) continue;
    const slope = (Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI)) * (total / density[k]);
    if (slope < leastSlope * (isLeft ? scales.left : scales.right)) {
      if (isLeft) continue;
      break;
    }
    us.push(u);
    values.push(t[k]);
    slopes.push(slope);
  }
  return monotoneSpline(us, values, slopes);
}

/** How far the loss takes from ½ above the least one to 2, behind it: a normal law's sd. */
function tailScale(points: readonly ProfilePoint[]): number {
  const least = points.reduce((best, { loss }, k) => (loss < points[best].loss ? k : best), 0);
  const where = (rise: number) => {
    const above = points.findIndex(({ loss }, k) => k > least && loss - points[least].loss >= rise);
    if (above < 0) return points[points.length - 1].t;
    const [before, after] = [points[above - 1], points[above]];
    const share = (points[least].loss + rise - before.loss) / (after.loss - before.loss);
    return before.t + share * (after.t - before.t);
  };
  return Math.abs(where(2) - where(0.5));
}

/** The density on a fine grid, up to one factor, and its integrals from either end. */
function integrate(points: readonly ProfilePoint[]) {
  const least = points.reduce((least, { loss }) => Math.min(least, loss), Infinity);
  const t = [points[0].t];
  const density = [Math.exp(least - points[0].loss)];
  const masses = [0];
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const width = b.t - a.t;
    const at = (x: number) => Math.exp(least - hermite(x, width, a.loss, b.loss, a.slope, b.slope));
    for (let part = 1; part <= parts; part++) {
      const end = at(part / parts);
      const middle = at((part - 0.5) / parts);
      masses.push(((density[density.length - 1] + 4 * middle + end) * width) / (6 * parts));
      density.push(end);
      t.push(a.t + (width * part) / parts);
    }
  }
  const below = masses.slice();
  for (let k = 1; k < below.length; k++) below[k] += below[k - 1];
  const above = new Array<number>(masses.length).fill(0);
  for (let k = above.length - 2; k >= 0; k--) above[k] = above[k + 1] + masses[k + 1];
  return { t, density, below, above };
}

/** The cubic through two values with two slopes, at the fraction x of the way. */
function hermite(x: number, width: number, from: number, to: number, slopeFrom: number, slopeTo: number): number {
  const y = 1 - x;
  return from * y * y * (1 + 2 * x) + to * x * x * (3 - 2 * x) + width * x * y * (y * slopeFrom - x * slopeTo);
}

/**
 * Slopes of more than three times a neighbouring chord's are cut to that, which keeps every piece increasing.
 * Source: Fritsch & Carlson (1980).
 */
function monotoneSpline(us: readonly number[], values: readonly number[], exact: readonly number[]): Warp {
  const last = us.length - 1;
  const chord = (k: number) => (values[k + 1] - values[k]) / (us[k + 1] - us[k]);
  const slopes = exact.map((slope, k) =>
    Math.min(slope, k > 0 ? 2.9 * chord(k - 1) : Infinity, k < last ? 2.9 * chord(k) : Infinity),
  );
  /** The piece that u is in: u between us[k] and us[k + 1]. */
  const pieceOf = (u: number) => {
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (us[middle] <= u) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    value(u) {
      if (u <= us[0]) return values[0] + slopes[0] * (u - us[0]);
      if (u >= us[last]) return values[last] + slopes[last] * (u - us[last]);
      const k = pieceOf(u);
      const width = us[k + 1] - us[k];
      return hermite((u - us[k]) / width, width, values[k], values[k + 1], slopes[k], slopes[k + 1]);
    },
    slope(u) {
      if (u <= us[0] || u >= us[last]) {
        const slope = u <= us[0] ? slopes[0] : slopes[last];
        return { slope, log: Math.log(slope), logSlope: 0 };
      }
      const k = pieceOf(u);
      const width = us[k + 1] - us[k];
      const x = (u - us[k]) / width;
      const y = 1 - x;
      const [a, b, m] = [slopes[k], slopes[k + 1], chord(k)];
      const slope = 6 * m * x * y + a * y * (1 - 3 * x) + b * x * (3 * x - 2);
      const second = (6 * m * (1 - 2 * x) + a * (6 * x - 4) + b * (6 * x - 2)) / width;
      return { slope, log: Math.log(slope), logSlope: second / slope };
    },
  };
}
