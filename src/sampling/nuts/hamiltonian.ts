import { cholesky, solveLowerTransposed } from "../../linalg/cholesky.ts";
import { dot, type Matrix, multiplyVector } from "../../linalg/matrix.ts";

/** Potential energy U(θ) = −log p(θ), up to a constant, and its gradient: what Hamiltonian dynamics needs of a target. */
export interface Potential {
  /** M */
  readonly dimension: number;
  evaluate(position: Float64Array): Promise<{ readonly loss: number; readonly gradient: Float64Array }>;
  /** Whether an infinite loss is a density of 0, beyond some bound, rather than an overflow. */
  readonly mayBeBounded?: boolean;
}

/** Kinetic energy ½ pᵀ W p, W the inverse of the mass matrix: an estimate of the target's covariance. */
export interface Metric {
  /** W p */
  velocity(momentum: Float64Array): Float64Array;
  /** p ~ N(0, W⁻¹) */
  drawMomentum(normal: () => number): Float64Array;
  /** The flow between two kicks is that of a normal law, U₀(θ) = ½ (θ − c)ᵀ W⁻¹ (θ − c), W diagonal; left out, that of a flat one, U₀ = 0. */
  readonly normal?: { readonly center: Float64Array; readonly sds: Float64Array };
  /** Beyond this ε a step says little of where it leads. */
  readonly largestStep: number;
}

/** A point of phase space, and what was computed there. */
export interface PhasePoint {
  readonly position: Float64Array;
  readonly momentum: Float64Array;
  /** W p */
  readonly velocity: Float64Array;
  readonly loss: number;
  readonly gradient: Float64Array;
  /** H = U(θ) + ½ pᵀ W p */
  readonly energy: number;
}

/** W = diag(variances) */
export function diagonalMetric(variances: Float64Array): Metric {
  return {
    velocity: (momentum) => momentum.map((value, j) => variances[j] * value),
    drawMomentum: (normal) => variances.map((variance) => normal() / Math.sqrt(variance)),
    largestStep: Infinity,
  };
}

/**
 * W = covariance = L Lᵀ; a momentum is L⁻ᵀ z.
 * @throws NotPositiveDefiniteError
 */
export function denseMetric(covariance: Matrix): Metric {
  const factor = cholesky(covariance);
  return {
    velocity: (momentum) => multiplyVector(covariance, momentum),
    drawMomentum: (normal) =>
      solveLowerTransposed(
        factor,
        Float64Array.from({ length: covariance.rows }, () => normal()),
      ),
    largestStep: Infinity,
  };
}

/** Of a turn. A single one is refused too often in the tails of skewed laws, where chains then stay. */
const leastSteps = 2;

/**
 * How far the flow of a normal law is followed, in radians: about a quarter of a turn. Lengths vary, as after one and the same length some
 * directions would be where they began, each time.
 */
export const quarterTurns = { shortest: 0.375 * Math.PI, longest: 0.625 * Math.PI };

/**
 * W = diag(variances), for targets near to the normal law N(c, W): its flow, a rotation of (W^−½ (θ − c), W^½ p), is followed exactly,
 * so that only what the target differs from it limits the step.
 * Source: Shahbaba, Lan, Johnson & Neal (2014).
 */
export function normalMetric(center: Float64Array, variances: Float64Array): Metric {
  return {
    velocity: (momentum) => momentum.map((value, j) => variances[j] * value),
    drawMomentum: (normal) => variances.map((variance) => normal() / Math.sqrt(variance)),
    normal: { center, sds: variances.map(Math.sqrt) },
    largestStep: quarterTurns.longest / leastSteps,
  };
}

/** The same position with a new momentum from N(0, W⁻¹). */
export function withFreshMomentum(
  metric: Metric,
  { position, loss, gradient }: Pick<PhasePoint, "position" | "loss" | "gradient">,
  normal: () => number,
): PhasePoint {
  return phasePoint(metric, position, metric.drawMomentum(normal), loss, gradient);
}

/**
 * One leapfrog step of length ε, negative for backwards in time: p ← p − ½ε ∇(U − U₀)(θ), then the flow of U₀ for the time ε
 * (U₀ = 0: θ ← θ + ε W p), p ← p − ½ε ∇(U − U₀)(θ). It keeps volume, and H to O(ε²). One evaluation of the gradient.
 */
export async function leapfrog(
  potential: Potential,
  metric: Metric,
  from: PhasePoint,
  step: number,
): Promise<PhasePoint> {
  const position = new Float64Array(from.position.length);
  const momentum = new Float64Array(position.length);
  kick(metric, from.momentum, from, step, momentum);
  drift(metric, from.position, step, position, momentum);
  const { loss, gradient } = await potential.evaluate(position);
  kick(metric, momentum, { position, gradient }, step, momentum);
  return phasePoint(metric, position, momentum, loss, gradient);
}

/** H − H₀, of which what is beyond numbers is infinitely much. */
export function energyError(point: PhasePoint, start: PhasePoint): number {
  return Number.isNaN(point.energy) ? Number.POSITIVE_INFINITY : point.energy - start.energy;
}

/** Whether a trajectory ends there beyond a bound, where nothing is wrong with the flow. */
export function isBeyondBound({ mayBeBounded }: Potential, { loss }: PhasePoint): boolean {
  return mayBeBounded === true && loss === Number.POSITIVE_INFINITY;
}

/** Writes the momentum after half a step's force to `to`. Loops of their own: arrays in between would take longer than they do. */
function kick(
  { normal }: Metric,
  momentum: Float64Array,
  { position, gradient }: Pick<PhasePoint, "position" | "gradient">,
  step: number,
  to: Float64Array,
): void {
  for (let j = 0; j < to.length; j++) {
    const force = normal ? gradient[j] - (position[j] - normal.center[j]) / normal.sds[j] ** 2 : gradient[j];
    to[j] = momentum[j] - 0.5 * step * force;
  }
}

/** Writes the position that the flow of U₀ leads to, and turns the momentum. */
function drift(metric: Metric, from: Float64Array, step: number, to: Float64Array, momentum: Float64Array): void {
  if (!metric.normal) {
    const velocity = metric.velocity(momentum);
    for (let j = 0; j < to.length; j++) to[j] = from[j] + step * velocity[j];
    return;
  }
  const { center, sds } = metric.normal;
  const [cosine, sine] = [Math.cos(step), Math.sin(step)];
  for (let j = 0; j < to.length; j++) {
    const [u, v] = [(from[j] - center[j]) / sds[j], momentum[j] * sds[j]];
    to[j] = center[j] + sds[j] * (cosine * u + sine * v);
    momentum[j] = (cosine * v - sine * u) / sds[j];
  }
}

function phasePoint(
  metric: Metric,
  position: Float64Array,
  momentum: Float64Array,
  loss: number,
  gradient: Float64Array,
): PhasePoint {
  const velocity = metric.velocity(momentum);
  return { position, momentum, velocity, loss, gradient, energy: loss + 0.5 * dot(momentum, velocity) };
}
