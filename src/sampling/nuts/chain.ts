import type { StatePlace } from "../../checkpoint/checkpoint.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import type { HamiltonianStatistics } from "../plan.ts";
import { type Metric, type PhasePoint, type Potential, withFreshMomentum } from "./hamiltonian.ts";
import {
  type KnownMoments,
  type MetricKind,
  type MomentsState,
  metricOf,
  type WarmUpWindows,
  type WindowMoments,
  warmUpWindows,
  windowMoments,
} from "./mass-matrix.ts";
import { quarterTurn } from "./quarter-turn.ts";
import { DualAveraging, reasonableStepSize } from "./step-size.ts";
import { largestTreeDepth, type Transition, transition } from "./tree.ts";

export interface NutsSettings {
  /** Iterations of adaptation, which leave no draws. */
  readonly warmUp: number;
  readonly draws: number;
  readonly metric: MetricKind;
  /** A first guess of the target's covariance, M×M: the first mass matrix is its inverse. */
  readonly guess: Matrix;
  /** δ, the mean acceptance that the step size is adapted to; 0.8 unless told. */
  readonly targetAcceptance?: number;
  /** Called after every iteration; what it is given copies the draws so far, draws × M. */
  readonly onIteration?: (soFar: () => Float64Array) => void;
  /** Where the chain keeps its state, and goes on from. */
  readonly place?: StatePlace<NutsState>;
}

export interface NutsChain {
  /** draws × M, row-major. */
  readonly positions: Float64Array;
  /** The loss's gradients there. */
  readonly slopes: Float64Array;
  readonly statistics: HamiltonianStatistics;
}

type Position = Pick<PhasePoint, "position" | "loss" | "gradient">;

/**
 * Of a quarter of a turn: where the first step sizes are far too small, a trajectory says that they are long before its end. Later ones are
 * not cut short, as draws that went only a part of the way would be less worth than they look.
 */
const mostStepsOfWarmUp = 127;

/** All that decides how a chain goes on, and its draws so far. */
export interface NutsState {
  /** Iterations of the warm-up, and draws, that are done. */
  readonly iterations: number;
  readonly point: Position;
  /** What the mass matrix was made of. */
  readonly moments: KnownMoments;
  readonly step: readonly number[];
  readonly window: MomentsState;
  readonly random: Uint32Array;
  readonly gradients: number;
  readonly warmUpGradients: number;
  readonly kept: Pick<HamiltonianStatistics, "energy" | "acceptance" | "treeDepth" | "diverging"> & {
    readonly positions: Float64Array;
    readonly slopes: Float64Array;
  };
}

/** One chain: a warm-up, then draws with what was learned, by the No-U-Turn sampler or near to a normal law by quarters of a turn. */
export async function runNutsChain(
  potential: Potential,
  start: Float64Array,
  settings: NutsSettings,
  random: Xoshiro,
): Promise<NutsChain> {
  const { warmUp, draws, onIteration, place } = settings;
  const chain = new RunningChain(potential, settings, random);
  if (place?.before) chain.state = place.before;
  else await chain.begin(start);
  while (chain.iterations < warmUp + draws) {
    if (chain.iterations < warmUp) await chain.warmUp();
    else await chain.draw();
    place?.offer(() => chain.state);
    onIteration?.(chain.soFar);
  }
  return chain.result();
}

class RunningChain {
  iterations = 0;
  #gradients = 1;
  #warmUpGradients = 0;
  #point: Position = { position: new Float64Array(), loss: 0, gradient: new Float64Array() };
  #moments: KnownMoments;
  #metric: Metric;
  #step: DualAveraging;
  #window: WindowMoments;
  readonly #potential: Potential;
  readonly #windows: WarmUpWindows;
  readonly #positions: Float64Array;
  readonly #slopes: Float64Array;
  readonly #energy: Float64Array;
  readonly #acceptance: Float64Array;
  readonly #treeDepth: Uint8Array;
  readonly #diverging: Uint8Array;
  readonly #normal = () => this.random.normal();

  constructor(
    potential: Potential,
    private readonly settings: NutsSettings,
    private readonly random: Xoshiro,
  ) {
    const { metric, guess, warmUp, draws, targetAcceptance = 0.8 } = settings;
    this.#potential = {
      ...potential,
      evaluate: (position) => {
        this.#gradients++;
        return potential.evaluate(position);
      },
    };
    this.#moments = { mean: new Float64Array(potential.dimension), covariance: guess };
    this.#metric = metricOf(metric, this.#moments);
    this.#step = new DualAveraging(targetAcceptance, 1, this.#metric.largestStep);
    this.#windows = warmUpWindows(metric, warmUp);
    this.#window = windowMoments(metric, potential.dimension);
    this.#positions = new Float64Array(draws * potential.dimension);
    this.#slopes = new Float64Array(draws * potential.dimension);
    this.#energy = new Float64Array(draws);
    this.#acceptance = new Float64Array(draws);
    this.#treeDepth = new Uint8Array(draws);
    this.#diverging = new Uint8Array(draws);
  }

  async begin(start: Float64Array): Promise<void> {
    this.#point = { position: start, ...(await this.#potential.evaluate(start)) };
    this.#gradients = 1;
    this.#step.restart(await this.#reasonableStep(1));
    this.#warmUpGradients = this.#gradients;
  }

  async warmUp(): Promise<void> {
    const { metric, guess, warmUp } = this.settings;
    const { acceptance, atBound } = await this.#move(this.#step.stepSize, mostStepsOfWarmUp);
    this.#step.update(acceptance, atBound);
    if (this.iterations > this.#windows.start) this.#window.add(this.#point.position, this.#point.gradient);
    if (this.#windows.ends.includes(this.iterations)) {
      this.#moments = this.#window.regularised(guess);
      this.#metric = metricOf(metric, this.#moments);
      this.#window = windowMoments(metric, this.#potential.dimension);
      this.#step.restart(await this.#reasonableStep(this.#step.stepSize));
    }
    if (this.iterations === warmUp) this.#warmUpGradients = this.#gradients;
  }

  async draw(): Promise<void> {
    const draw = this.iterations - this.settings.warmUp;
    const { point, acceptance, depth, diverging } = await this.#move(this.#step.finalStepSize);
    this.#positions.set(point.position, draw * this.#potential.dimension);
    this.#slopes.set(point.gradient, draw * this.#potential.dimension);
    this.#energy[draw] = point.energy;
    this.#acceptance[draw] = acceptance;
    this.#treeDepth[draw] = depth;
    this.#diverging[draw] = diverging ? 1 : 0;
  }

  readonly soFar = (): Float64Array =>
    this.#positions.slice(0, Math.max(0, this.iterations - this.settings.warmUp) * this.#potential.dimension);

  get state(): NutsState {
    const draws = Math.max(0, this.iterations - this.settings.warmUp);
    return {
      iterations: this.iterations,
      point: this.#point,
      moments: this.#moments,
      step: this.#step.state,
      window: this.#window.state,
      random: this.random.state,
      gradients: this.#gradients,
      warmUpGradients: this.#warmUpGradients,
      kept: {
        positions: this.#positions.slice(0, draws * this.#potential.dimension),
        slopes: this.#slopes.slice(0, draws * this.#potential.dimension),
        energy: this.#energy.slice(0, draws),
        acceptance: this.#acceptance.slice(0, draws),
        treeDepth: this.#treeDepth.slice(0, draws),
        diverging: this.#diverging.slice(0, draws),
      },
    };
  }

  set state({ iterations, point, moments, step, window, random, gradients, warmUpGradients, kept }: NutsState) {
    this.iterations = iterations;
    this.#point = point;
    this.#moments = moments;
    this.#metric = metricOf(this.settings.metric, moments);
    this.#step.state = step;
    this.#window.state = window;
    this.random.state = random;
    this.#gradients = gradients;
    this.#warmUpGradients = warmUpGradients;
    this.#positions.set(kept.positions);
    this.#slopes.set(kept.slopes);
    this.#energy.set(kept.energy);
    this.#acceptance.set(kept.acceptance);
    this.#treeDepth.set(kept.treeDepth);
    this.#diverging.set(kept.diverging);
  }

  result(): NutsChain {
    return {
      positions: this.#positions,
      slopes: this.#slopes,
      statistics: {
        energy: this.#energy,
        acceptance: this.#acceptance,
        treeDepth: this.#treeDepth,
        diverging: this.#diverging,
        largestTreeDepth,
        stepSize: this.#step.finalStepSize,
        warmUpGradients: this.#warmUpGradients,
        gradients: this.#gradients - this.#warmUpGradients,
      },
    };
  }

  /** One transition from where the chain is, with a fresh momentum. */
  async #move(stepSize: number, mostSteps?: number): Promise<Transition> {
    const start = withFreshMomentum(this.#metric, this.#point, this.#normal);
    const move = this.#metric.normal ? quarterTurn : transition;
    const next = await move(this.#potential, this.#metric, start, stepSize, () => this.random.uniform(), mostSteps);
    const { position, loss, gradient } = next.point;
    this.#point = { position, loss, gradient };
    this.iterations++;
    return next;
  }

  #reasonableStep(guess: number): Promise<number> {
    return reasonableStepSize(this.#potential, this.#metric, this.#point, guess, this.#normal);
  }
}
