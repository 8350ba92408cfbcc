import { energyError, isBeyondBound, leapfrog, type Metric, type PhasePoint, type Potential } from "./hamiltonian.ts";

/** Beyond this error of the energy a trajectory has left the flow it should follow. */
export const divergentEnergyError = 1000;
/** A trajectory has at most 2¹⁰ − 1 steps. */
export const largestTreeDepth = 10;

/** Successive leapfrog points, the earliest first in time, and one of them drawn with probability ∝ e^(−H). */
export interface Trajectory {
  readonly first: PhasePoint;
  readonly last: PhasePoint;
  /** ρ = Σ p over its points. */
  readonly momentumSum: Float64Array;
  /** log Σ e^(H₀ − H) over its points, H₀ the energy at the start. */
  readonly logWeight: number;
  readonly sample: PhasePoint;
}

/** One draw, and how it came about. */
export interface Transition {
  readonly point: PhasePoint;
  /** Mean of min(1, e^(H₀ − H)) over the points tried, that the step size is adapted to. */
  readonly acceptance: number;
  readonly steps: number;
  /** How often the trajectory was doubled. */
  readonly depth: number;
  readonly diverging: boolean;
  /** Whether it ended beyond a bound, where the density is 0. */
  readonly atBound: boolean;
}

/**
 * A transition from `start`, which has a fresh momentum.
 * @param mostSteps where the length of the trajectory is known before, and would take more, it is left unfinished
 */
export type Move = (
  potential: Potential,
  metric: Metric,
  start: PhasePoint,
  stepSize: number,
  uniform: () => number,
  mostSteps?: number,
) => Promise<Transition>;

/**
 * One transition of the No-U-Turn sampler: from `start`, which has a fresh momentum, the trajectory is doubled forwards or
 * backwards in time until it turns back on itself, and one of its points is drawn with probability ∝ e^(−H): uniformly
 * by weight within a doubling, with a bias towards the later half between doublings (biased progressive sampling). A
 * doubling in which a part turns or diverges is thrown away. The target's law stays as it is.
 *
 * Source: Hoffman & Gelman (2014), algorithm 3; Betancourt (2017), appendix A, for multinomial draws and the generalised
 * criterion; the checks across the seam of two halves are Stan's (version 2.21 on).
 */
export const transition: Move = async (potential, metric, start, stepSize, uniform) => {
  let steps = 0;
  let acceptanceSum = 0;
  let diverging = false;
  let atBound = false;

  /** 2^depth points that follow on `from`, or null where a part of them turns or diverges. */
  async function extend(from: PhasePoint, direction: 1 | -1, depth: number): Promise<Trajectory | null> {
    if (depth === 0) {
      const point = await leapfrog(potential, metric, from, direction * stepSize);
      const error = energyError(point, start);
      steps++;
      acceptanceSum += Math.min(1, Math.exp(-error));
      atBound ||= isBeyondBound(potential, point);
      if (atBound) return null;
      if (error > divergentEnergyError) diverging = true;
      return diverging ? null : singlePoint(point, -error);
    }
    const near = await extend(from, direction, depth - 1);
    const far = near && (await extend(endOf(near, direction), direction, depth - 1));
    if (!near || !far) return null;
    const logWeight = logSumExp(near.logWeight, far.logWeight);
    const takesFar = uniform() < Math.exp(far.logWeight - logWeight);
    const joined = join(near, far, direction, logWeight, takesFar ? far.sample : near.sample);
    return joined.isTurning ? null : joined.trajectory;
  }

  let whole = singlePoint(start, 0);
  let depth = 0;
  while (depth < largestTreeDepth) {
    const direction = uniform() < 0.5 ? 1 : -1;
    const addition = await extend(endOf(whole, direction), direction, depth);
    if (!addition) break;
    depth++;
    const takesAddition = uniform() < Math.exp(addition.logWeight - whole.logWeight);
    const logWeight = logSumExp(whole.logWeight, addition.logWeight);
    const joined = join(whole, addition, direction, logWeight, takesAddition ? addition.sample : whole.sample);
    whole = joined.trajectory;
    if (joined.isTurning) break;
  }
  return { point: whole.sample, acceptance: acceptanceSum / steps, steps, depth, diverging, atBound };
};

export function singlePoint(point: PhasePoint, logWeight: number): Trajectory {
  return { first: point, last: point, momentumSum: point.momentum, logWeight, sample: point };
}

function endOf(trajectory: Trajectory, direction: 1 | -1): PhasePoint {
  return direction > 0 ? trajectory.last : trajectory.first;
}

/** Puts `addition`, which follows on `base` in the direction of time given, to it, and says whether the whole turns back. */
export function join(
  base: Trajectory,
  addition: Trajectory,
  direction: 1 | -1,
  logWeight: number,
  sample: PhasePoint,
): { readonly trajectory: Trajectory; readonly isTurning: boolean } {
  const [earlier, later] = direction > 0 ? [base, addition] : [addition, base];
  const momentumSum = earlier.momentumSum.slice();
  for (let j = 0; j < momentumSum.length; j++) momentumSum[j] += later.momentumSum[j];
  // The two checks across the seam see a turn that the ends of a trajectory of about a whole period cannot see.
  const isTurning =
    turns(earlier.first, later.last, earlier.momentumSum, later.momentumSum) ||
    turns(earlier.first, later.first, earlier.momentumSum, later.first.momentum) ||
    turns(earlier.last, later.last, later.momentumSum, earlier.last.momentum);
  return { trajectory: { first: earlier.first, last: later.last, momentumSum, logWeight, sample }, isTurning };
}

/** The generalised criterion: (W p)ᵀ ρ ≤ 0 at either end, ρ the sum of two momenta. */
function turns(first: PhasePoint, last: PhasePoint, momentum: Float64Array, other: Float64Array): boolean {
  let [atFirst, atLast] = [0, 0];
  for (let j = 0; j < momentum.length; j++) {
    const sum = momentum[j] + other[j];
    atFirst += first.velocity[j] * sum;
    atLast += last.velocity[j] * sum;
  }
  return !(atFirst > 0 && atLast > 0);
}

function logSumExp(a: number, b: number): number {
  const larger = Math.max(a, b);
  return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
}
