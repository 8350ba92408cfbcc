import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";

/** A point of a density exp(−loss) on a line: loss and its derivative there. */
export interface ProfilePoint {
  readonly t: number;
  readonly loss: number;
  readonly slope: number;
}

/** t = τ(u), increasing, with the two derivatives that a change of variables needs. */
export interface Transport {
  value(u: number): number;
  /** log τ'(u) and its derivative, and τ'(u) itself. */
  slope(u: number): { readonly slope: number; readonly log: number; readonly logSlope: number };
}

/** Parts of an interval between two points, for integrals. */
const parts = 8;
/** Smallest distance of two knots in u, and the |u| beyond which the map is a straight line. */
const knotDistance = 0.1;
const outermost = 5;
/** The smallest slope, relative to the tail's own scale; for a normal law the slope is that scale. */
const minSlope = 0.5;

/**
 * The map τ = F⁻¹ ∘ Φ that turns a standard normal variable into one with the density exp(−loss), where F is its
 * distribution function (marginal Gaussianisation: Chen & Gopinath 2001). It is a cubic spline with the exact values and
 * derivatives τ'(u) = φ(u)/f(τ(u)) at its knots, and straight lines beyond them. As a change of variables with its own
 * derivatives it is exact, however rough the approximation.
 *
 * Deep in a tail where the density ends abruptly, because the data separate there, τ' falls to 0, which leaves no room if
 * the edge lies a little further out. The straight lines begin where τ' is half of the edge's own thickness.
 * @param profiles the densities to be averaged, each given by points in the order of t; their losses are convex or nearly
 * so, and the outermost points are far in the tails
 */
export function marginalTransport(profiles: readonly (readonly ProfilePoint[])[]): Transport {
  const nodes = [...new Set(profiles.flatMap((points) => points.map(({ t }) => t)))].sort((a, b) => a - b);
  const { t, values: density, below, above } = integrate(nodes, averageDensity(profiles));
  const losses = density.map((value) => -Math.log(value));
  const scales = { left: tailScale(t.toReversed(), losses.toReversed()), right: tailScale(t, losses) };
  const us: number[] = [];
  const values: number[] = [];
  const slopes: number[] = [];
  for (let k = 1; k < t.length - 1; k++) {
    // The smaller of both tails, so that no digits are lost by subtraction.
    const isLeft = below[k] < above[k];
    const tail = normalQuantile(isLeft ? below[k] : above[k], 0, 1);
    const u = isLeft ? tail : -tail;
    const previous = us.length > 0 ? us[us.length - 1] : -Infinity;
    if (!(Math.abs(u) <= outermost) || u - previous < knotDistance || !(density[k] > 0)) continue;
    const slope = Math.exp(-0.5 * u * u) / (Math.sqrt(2 * Math.PI) * density[k]);
    if (slope < minSlope * (isLeft ? scales.left : scales.right)) {
      if (isLeft) continue;
      break;
    }
    us.push(u);
    values.push(t[k]);
    slopes.push(slope);
  }
  return monotoneSpline(us, values, slopes);
}

/** The distance over which the loss rises from ½ to 2 above its minimum; for a normal law, its sd. */
function tailScale(t: readonly number[], losses: readonly number[]): number {
  const least = losses.reduce((best, loss, k) => (loss < losses[best] ? k : best), 0);
  const where = (rise: number) => {
    const above = losses.findIndex((loss, k) => k > least && loss - losses[least] >= rise);
    if (above < 0) return t[t.length - 1];
    const fraction = (losses[least] + rise - losses[above - 1]) / (losses[above] - losses[above - 1]);
    return t[above - 1] + fraction * (t[above] - t[above - 1]);
  };
  return Math.abs(where(2) - where(0.5));
}

type Density = (t: number) => number;

/** Their average, each of integral 1; 0 outside of a profile's points. */
function averageDensity(profiles: readonly (readonly ProfilePoint[])[]): Density {
  const each = profiles.map((points) => {
    const density = densityOf(points);
    const { below } = integrate(
      points.map(({ t }) => t),
      density,
    );
    return { density, total: below[below.length - 1] };
  });
  return (t) => each.reduce((sum, { density, total }) => sum + density(t) / (total * each.length), 0);
}

/** exp(−loss), up to a factor. */
function densityOf(points: readonly ProfilePoint[]): Density {
  const least = points.reduce((least, { loss }) => Math.min(least, loss), Infinity);
  const [first, last] = [points[0], points[points.length - 1]];
  return (t) => {
    if (t < first.t || t > last.t) return 0;
    const k = pieceOf(t, points.length - 1, (k) => points[k].t);
    const [a, b] = [points[k], points[k + 1]];
    return Math.exp(least - hermite((t - a.t) / (b.t - a.t), b.t - a.t, a.loss, b.loss, a.slope, b.slope));
  };
}

/** A density on a fine grid, and its integrals from either end, by Simpson's rule. */
function integrate(nodes: readonly number[], density: Density) {
  const t = [nodes[0]];
  const values = [density(nodes[0])];
  const masses = [0];
  for (let i = 1; i < nodes.length; i++) {
    const width = nodes[i] - nodes[i - 1];
    for (let part = 1; part <= parts; part++) {
      const end = nodes[i - 1] + (width * part) / parts;
      const middle = density(nodes[i - 1] + (width * (part - 0.5)) / parts);
      t.push(end);
      values.push(density(end));
      masses.push(((values[values.length - 2] + 4 * middle + values[values.length - 1]) * width) / (6 * parts));
    }
  }
  const below = masses.slice();
  for (let k = 1; k < below.length; k++) below[k] += below[k - 1];
  const above = new Array<number>(masses.length).fill(0);
  for (let k = above.length - 2; k >= 0; k--) above[k] = above[k + 1] + masses[k + 1];
  return { t, values, below, above };
}

/** The k < last with at(k) ≤ x < at(k + 1), or the nearest. */
function pieceOf(x: number, last: number, at: (k: number) => number): number {
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) <= x) low = middle;
    else high = middle;
  }
  return low;
}

/** The cubic through two values with two slopes, at the fraction x of the way. */
function hermite(x: number, width: number, from: number, to: number, slopeFrom: number, slopeTo: number): number {
  const y = 1 - x;
  return from * y * y * (1 + 2 * x) + to * x * x * (3 - 2 * x) + width * x * y * (y * slopeFrom - x * slopeTo);
}

/**
 * Slopes of more than three times that of a neighbouring chord are reduced to it, which keeps every piece increasing.
 * Source: Fritsch & Carlson (1980).
 */
function monotoneSpline(us: readonly number[], values: readonly number[], exact: readonly number[]): Transport {
  const last = us.length - 1;
  const chord = (k: number) => (values[k + 1] - values[k]) / (us[k + 1] - us[k]);
  const slopes = exact.map((slope, k) =>
    Math.min(slope, k > 0 ? 2.9 * chord(k - 1) : Infinity, k < last ? 2.9 * chord(k) : Infinity),
  );
  return {
    value(u) {
      if (u <= us[0]) return values[0] + slopes[0] * (u - us[0]);
      if (u >= us[last]) return values[last] + slopes[last] * (u - us[last]);
      const k = pieceOf(u, last, (k) => us[k]);
      const width = us[k + 1] - us[k];
      return hermite((u - us[k]) / width, width, values[k], values[k + 1], slopes[k], slopes[k + 1]);
    },
    slope(u) {
      if (u <= us[0] || u >= us[last]) {
        const slope = u <= us[0] ? slopes[0] : slopes[last];
        return { slope, log: Math.log(slope), logSlope: 0 };
      }
      const k = pieceOf(u, last, (k) => us[k]);
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
