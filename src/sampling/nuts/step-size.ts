import { leapfrog, type Metric, type PhasePoint, type Potential, withFreshMomentum } from "./hamiltonian.ts";

/** How fast the step size follows the acceptance, how much the first iterations count, how fast they are forgotten. */
const gamma = 0.05;
/**
 * γ where trajectories end at a bound: their acceptance varies a lot and hardly depends on ε, so that with the usual γ log ε
 * would wander by several units.
 */
const gammaAtBounds = 0.5;
const firstIterations = 10;
const forgetting = 0.75;

/**
 * Step size by dual averaging, so that the mean acceptance tends to δ. With s̄ the running mean of δ − acceptance,
 * log ε = log(10 ε₁) − √t s̄ / γ; what is used in the end is a mean of log ε with weights t^(−κ).
 * Source: Hoffman & Gelman (2014), section 3.2, with their γ = 0.05, t₀ = 10, κ = 0.75.
 */
export class DualAveraging {
  readonly #target: number;
  readonly #largest: number;
  #gamma = gamma;
  #center = 0;
  #count = 0;
  #shortfall = 0;
  #logStep = 0;
  #meanLogStep = 0;

  /** @param target δ */
  constructor(target: number, firstStep: number, largestStep = Infinity) {
    this.#target = target;
    this.#largest = Math.log(largestStep);
    this.restart(firstStep);
  }

  /** All that it has seen, but for the target and the largest step. */
  get state(): readonly number[] {
    return [this.#gamma, this.#center, this.#count, this.#shortfall, this.#logStep, this.#meanLogStep];
  }

  set state(state: readonly number[]) {
    [this.#gamma, this.#center, this.#count, this.#shortfall, this.#logStep, this.#meanLogStep] = state;
  }

  /** Forgets everything and searches around ten times ε₁, for long steps are cheaper to try than short ones. */
  restart(firstStep: number): void {
    this.#center = Math.log(10 * firstStep);
    this.#count = 0;
    this.#shortfall = 0;
    this.#logStep = Math.log(firstStep);
    this.#meanLogStep = 0;
  }

  /** @param atBound Whether the trajectory ended where the density is 0. */
  update(acceptance: number, atBound = false): void {
    if (atBound) this.#gamma = gammaAtBounds;
    this.#count++;
    const weight = 1 / (this.#count + firstIterations);
    this.#shortfall += weight * (this.#target - acceptance - this.#shortfall);
    this.#logStep = Math.min(this.#largest, this.#center - (Math.sqrt(this.#count) * this.#shortfall) / this.#gamma);
    const fraction = this.#count ** -forgetting;
    this.#meanLogStep += fraction * (this.#logStep - this.#meanLogStep);
  }

  /** ε of the next iteration while it is adapted. */
  get stepSize(): number {
    return Math.exp(this.#logStep);
  }

  /** ε for the time after adaptation. */
  get finalStepSize(): number {
    return this.#count > 0 ? Math.exp(this.#meanLogStep) : this.stepSize;
  }
}

/** The energy error of one step of a first guess: an acceptance of 0.8. */
const firstAcceptance = 0.8;

/**
 * Doubles or halves ε until the acceptance of one step crosses 0.8 (Hoffman & Gelman 2014, algorithm 4, with Stan's 0.8).
 */
export async function reasonableStepSize(
  potential: Potential,
  metric: Metric,
  from: Pick<PhasePoint, "position" | "loss" | "gradient">,
  guess: number,
  normal: () => number,
): Promise<number> {
  const accepts = async (step: number) => {
    const start = withFreshMomentum(metric, from, normal);
    const { energy } = await leapfrog(potential, metric, start, step);
    return start.energy - energy > Math.log(firstAcceptance);
  };
  const grows = await accepts(guess);
  let step = guess;
  while (step > 1e-300 && step < 1e7) {
    const next = grows ? 2 * step : 0.5 * step;
    if (next > metric.largestStep) return step;
    if ((await accepts(next)) !== grows) return next;
    step = next;
  }
  return guess;
}
