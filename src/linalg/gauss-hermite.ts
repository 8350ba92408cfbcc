/** Nodes t_k and weights w_k with Σ w_k f(t_k) = E f(t), t ~ N(0, I) in `dimension` dimensions, exact up to the degree 2K − 1. */
export interface QuadratureRule {
  readonly dimension: number;
  /** Number of nodes × dimension; those nearest to 0 first. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Gauss–Hermite quadrature for the standard normal law with K nodes: the roots of the Hermite polynomial He_K, by Newton's method from
 * the outermost inwards, each found root divided out, with weights 1/Σ_k h_k(t)², h_k orthonormal.
 * Source: Golub & Welsch (1969) for the weights; Press et al. (2007), section 4.6, for the deflation.
 */
export function gaussHermite(count: number): QuadratureRule {
  const roots: number[] = [];
  for (let k = 0; k < count; k++) roots.push(root(count, roots));
  const nodes = Float64Array.from(roots.sort((a, b) => Math.abs(a) - Math.abs(b)));
  const weights = nodes.map((t) => 1 / orthonormal(count, t).squares);
  return { dimension: 1, nodes, weights };
}

/** The product rule: K to the power of `dimension` nodes. */
export function productRule(count: number, dimension: number): QuadratureRule {
  const { nodes, weights } = gaussHermite(count);
  const total = count ** dimension;
  const points = Array.from({ length: total }, (_, k) => {
    const digits = Array.from({ length: dimension }, (_, d) => Math.floor(k / count ** d) % count);
    const point = digits.map((digit) => nodes[digit]);
    return { point, weight: digits.reduce((product, digit) => product * weights[digit], 1) };
  });
  const square = (point: readonly number[]) => point.reduce((sum, t) => sum + t * t, 0);
  points.sort((a, b) => square(a.point) - square(b.point));
  return {
    dimension,
    nodes: Float64Array.from(points.flatMap(({ point }) => point)),
    weights: Float64Array.from(points, ({ weight }) => weight),
  };
}

/** h_K(t) and h_{K−1}(t), h_k = He_k/√k!, and Σ_{k<K} h_k(t)². */
function orthonormal(count: number, t: number) {
  let previous = 0;
  let value = 1;
  let squares = 0;
  for (let k = 0; k < count; k++) {
    squares += value * value;
    const next = (t * value - Math.sqrt(k) * previous) / Math.sqrt(k + 1);
    previous = value;
    value = next;
  }
  return { value, previous, squares };
}

/** The next root inwards. */
function root(count: number, known: readonly number[]): number {
  // Beyond the largest root, from where Newton's method comes down to it without passing it.
  let t = known.at(-1) ?? Math.sqrt(4 * count + 2);
  if (known.length > 0) t -= 1e-3;
  for (let iteration = 0; iteration < 1000; iteration++) {
    const { value, previous } = orthonormal(count, t);
    const slope = Math.sqrt(count) * previous;
    const deflation = known.reduce((sum, other) => sum + 1 / (t - other), 0);
    const step = value / (slope - value * deflation);
    t -= step;
    if (Math.abs(step) < 1e-15 * Math.max(1, Math.abs(t))) break;
  }
  return t;
}
