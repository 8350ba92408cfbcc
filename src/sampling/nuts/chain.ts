import type { Matrix } from "../../linalg/matrix.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import type { HamiltonianStatistics } from "../plan.ts";
import { type PhasePoint, type Potential, withFreshMomentum } from "./hamiltonian.ts";
import { type MetricKind, metricOf, nothingLearned, RunningCovariance, warmUpWindows } from "./mass-matrix.ts";
import { DualAveraging, reasonableStepSize } from "./step-size.ts";
import { largestTreeDepth, transition } from "./tree.ts";

export interface NutsSettings {
  /** Iterations of adaptation, which leave no draws. */
  readonly warmUp: number;
  readonly draws: number;
  readonly metric: MetricKind;
  /** A first guess of the target's covariance, M×M: the first mass matrix is its inverse. */
  readonly guess: Matrix;
  /** δ, the mean acceptance that the step size is adapted to; 0.8 unless told. */
  readonly targetAcceptance?: number;
  /** Called after every iteration. */
  readonly onIteration?: () => void;
}

export interface NutsChain {
  /** draws × M, row-major. */
  readonly positions: Float64Array;
  readonly statistics: HamiltonianStatistics;
}

/** One chain of the No-U-Turn sampler: warm-up by Stan's schedule, then draws with what was learned. */
export async function runNutsChain(
  potential: Potential,
  start: Float64Array,
  settings: NutsSettings,
  random: Xoshiro,
): Promise<NutsChain> {
  const { warmUp, draws, guess, metric: kind, targetAcceptance = 0.8, onIteration } = settings;
  const { dimension } = potential;
  const normal = () => random.normal();
  const uniform = () => random.uniform();
  let gradients = 1;
  const counted: Potential = {
    ...potential,
    evaluate: (position) => {
      gradients++;
      return potential.evaluate(position);
    },
  };
  let metric = metricOf(kind, guess);
  let point: Pick<PhasePoint, "position" | "loss" | "gradient"> = {
    position: start,
    ...(await potential.evaluate(start)),
  };
  const step = new DualAveraging(
    targetAcceptance,
    await reasonableStepSize(counted, metric, point, 1, normal),
    metric.largestStep,
  );
  const windows = kind === "normal" ? nothingLearned : warmUpWindows(warmUp);
  let positions = new RunningCovariance(kind, dimension);
  for (let iteration = 1; iteration <= warmUp; iteration++) {
    const next = await transition(counted, metric, withFreshMomentum(metric, point, normal), step.stepSize, uniform);
    point = next.point;
    step.update(next.acceptance, next.atBound);
    if (iteration > windows.start) positions.add(point.position);
    if (windows.ends.includes(iteration)) {
      metric = metricOf(kind, positions.regularised(guess));
      positions = new RunningCovariance(kind, dimension);
      step.restart(await reasonableStepSize(counted, metric, point, step.stepSize, normal));
    }
    onIteration?.();
  }
  const stepSize = step.finalStepSize;
  const warmUpGradients = gradients;
  const output = new Float64Array(draws * dimension);
  const energy = new Float64Array(draws);
  const acceptance = new Float64Array(draws);
  const treeDepth = new Uint8Array(draws);
  const diverging = new Uint8Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    const next = await transition(counted, metric, withFreshMomentum(metric, point, normal), stepSize, uniform);
    point = next.point;
    output.set(point.position, draw * dimension);
    energy[draw] = next.point.energy;
    acceptance[draw] = next.acceptance;
    treeDepth[draw] = next.depth;
    diverging[draw] = next.diverging ? 1 : 0;
    onIteration?.();
  }
  return {
    positions: output,
    statistics: {
      energy,
      acceptance,
      treeDepth,
      diverging,
      largestTreeDepth,
      stepSize,
      warmUpGradients,
      gradients: gradients - warmUpGradients,
    },
  };
}
