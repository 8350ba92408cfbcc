import { dot } from "../../linalg/matrix.ts";

/** The function to minimise, at one point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LimitedMemoryOptions {
  readonly start: Float64Array;
  /** Diagonal of a first guess at the Hessian, positive; only its shape matters. */
  readonly diagonal: Float64Array;
  /** Stops where gᵀ H g, H the approximate inverse Hessian, has been below this twice running, once all pairs were gathered. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

export interface Minimum extends Evaluation {
  readonly position: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  readonly converged: boolean;
  /** Whether it stopped beside points of which the value is infinite, towards which it falls. */
  readonly isAtEdge?: boolean;
}

/** s = θ' − θ, y = g' − g and 1/(sᵀy). */
interface Pair {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly inverse: number;
}

/** Pairs kept, as most programs keep. */
const memoryLength = 12;
const sufficientDecrease = 1e-4;
const sufficientCurvature = 0.9;
/** Rounding of a sum over many rows hides decreases below about this share of the value. */
const rounding = 1e-12;

/**
 * Minimises a smooth function by limited-memory BFGS: d = −H g by the two-loop recursion over the last pairs (s, y), with
 * H₀ = (sᵀy / yᵀG⁻¹y) G⁻¹, G the diagonal given, and a step that satisfies the weak Wolfe conditions, found by doubling and
 * bisection. Memory 2 × 12 × M; an iteration costs one evaluation, rarely two or three.
 *
 * Written here because the function is evaluated on worker threads, that is, asynchronously, and the libraries that could
 * be had take synchronous ones.
 *
 * Source: Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5; the line search is that of Lewis &
 * Overton, Nonsmooth optimization via quasi-Newton methods, Mathematical Programming 141 (2013), algorithm 2.6.
 */
export async function limitedMemoryBfgs(
  evaluate: (position: Float64Array) => Promise<Evaluation>,
  { start, diagonal, tolerance, maxIterations }: LimitedMemoryOptions,
): Promise<Minimum> {
  let position = start;
  let here = await evaluate(position);
  let evaluations = 1;
  const pairs: Pair[] = [];
  let small = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const direction = descentDirection(here.gradient, pairs, diagonal);
    const decrement = -dot(direction, here.gradient);
    small = decrement < tolerance ? small + 1 : 0;
    // The first guess at the curvature is not to be trusted with the end, unless it is quite near.
    const isTrusted = pairs.length === memoryLength || decrement < 1e-6 * tolerance;
    if ((small >= 2 && isTrusted) || decrement === 0)
      return { ...here, position, iterations: iteration, evaluations, converged: true };
    let low = 0;
    let high = Number.POSITIVE_INFINITY;
    let length = 1;
    let next = here;
    let nextPosition = position;
    let reached: { readonly evaluation: Evaluation; readonly position: Float64Array } | undefined;
    for (let trial = 0; trial < 40; trial++) {
      nextPosition = position.map((value, j) => value + length * direction[j]);
      next = await evaluate(nextPosition);
      evaluations++;
      const slack = rounding * Math.abs(here.value);
      // A NaN or an infinite value is no decrease either.
      if (!(next.value <= here.value - sufficientDecrease * length * decrement + slack)) high = length;
      else if (dot(next.gradient, direction) < -sufficientCurvature * decrement) {
        low = length;
        reached = { evaluation: next, position: nextPosition };
      } else break;
      length = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2;
    }
    if (next.value === Number.POSITIVE_INFINITY) {
      // The value falls all the way to where it becomes infinite: there is no minimum inside.
      const last = reached ?? { evaluation: here, position };
      return {
        ...last.evaluation,
        position: last.position,
        iterations: iteration,
        evaluations,
        converged: false,
        isAtEdge: true,
      };
    }
    remember(pairs, position, nextPosition, here.gradient, next.gradient);
    position = nextPosition;
    here = next;
  }
  return { ...here, position, iterations: maxIterations, evaluations, converged: false };
}

function remember(
  pairs: Pair[],
  position: Float64Array,
  nextPosition: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): void {
  const moved = nextPosition.map((value, j) => value - position[j]);
  const turned = nextGradient.map((value, j) => value - gradient[j]);
  const product = dot(moved, turned);
  // At the limit of rounding a pair says nothing of the curvature.
  if (!(product > 0)) return;
  pairs.push({ moved, turned, inverse: 1 / product });
  if (pairs.length > memoryLength) pairs.shift();
}

/** −H g */
function descentDirection(gradient: Float64Array, pairs: readonly Pair[], diagonal: Float64Array): Float64Array {
  const direction = gradient.map((value) => -value);
  const fractions: number[] = [];
  for (const { moved, turned, inverse } of pairs.toReversed()) {
    const fraction = inverse * dot(moved, direction);
    fractions.push(fraction);
    for (let j = 0; j < direction.length; j++) direction[j] -= fraction * turned[j];
  }
  let scale = 1;
  const last = pairs.at(-1);
  if (last) scale = 1 / (last.inverse * last.turned.reduce((sum, y, j) => sum + (y * y) / diagonal[j], 0));
  for (let j = 0; j < direction.length; j++) direction[j] *= scale / diagonal[j];
  for (const { moved, turned, inverse } of pairs) {
    const fraction = (fractions.pop() ?? 0) - inverse * dot(turned, direction);
    for (let j = 0; j < direction.length; j++) direction[j] += fraction * moved[j];
  }
  return direction;
}
