import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { gradientNonlinearity } from "../../estimation/nonlinearity.ts";
import { choleskySemidefinite } from "../../linalg/cholesky.ts";
import { add, type Matrix, scale } from "../../linalg/matrix.ts";
import { isQuadratic } from "../../models/model.ts";
import { averagedCovariance, sandwichCovariance } from "../../theory/averaging.ts";
import { largestSdError } from "../../theory/divergence.ts";
import { largestStableScale, stateDependentCovariance, UnstableError } from "../../theory/stability.ts";
import { discreteStationaryCovariance } from "../../theory/stationary.ts";

/** The step h H₀ and the window of m passes, and what the theory says of the scaled window means. */
export interface WindowChoice {
  /** h */
  readonly learningRate: number;
  /** m */
  readonly passes: number;
  /** T = m N/S, a whole number */
  readonly steps: number;
  /** √(T S/N): deviations of window means are scaled by it. */
  readonly stretch: number;
  /** Σ: covariance of the iterates. */
  readonly iterates: Matrix;
  /** V = (T S/N) D_T: covariance of the scaled window means. */
  readonly covariance: Matrix;
  /** Largest relative error of an sd of V against the sandwich A⁻¹CA⁻¹/N. */
  readonly error: number;
  /** Largest error of a mean, in posterior sds, where the loss is not quadratic over the region of the iterates. */
  readonly meanError: number;
  /** h may grow to this much before the second moment of the iterates grows without bound. */
  readonly largestStableRate: number;
}

/** What the user asked for, and what can be afforded. */
export interface WindowWishes {
  readonly batchSize: number;
  readonly learningRate?: number;
  readonly passes?: number;
  readonly tolerance: number;
  /** Where the averages should be centred: the posterior's mean, or the mode, which the sandwich is the covariance of. */
  readonly centre: "mean" | "mode";
  /** The longest window that leaves work for enough draws. */
  readonly maxPasses: number;
}

const windowLengths = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/** Where the growth of the noise is measured first: a step of this share of the largest stable one. */
const firstFraction = 0.05;

/**
 * The shortest window, of 1, 2, 5, … passes, and the step with which the scaled window means have the sandwich covariance to
 * the tolerance. A long step makes the noise grow with the spread of the iterates (C̄ > C) and inflates V; a short one
 * leaves the windows no time, and V falls short by 1/(hT) (`averagedCovariance` has both, exactly for a quadratic loss). The
 * step between them with the least error is taken.
 * @param shape H₀
 * @throws UnstableError where a step that was asked for is not mean-square stable, or none is that can be predicted
 */
export async function chooseWindow(
  local: DenseApproximation,
  shape: Matrix,
  wishes: WindowWishes,
): Promise<WindowChoice> {
  const { hessian, noiseCovariance, noise } = local;
  const unit = { preconditioner: shape, hessian, noiseCovariance, batchSize: wishes.batchSize };
  const largestStableRate = await largestStableScale(unit, noise);
  if (wishes.learningRate !== undefined && wishes.learningRate >= largestStableRate)
    throw new UnstableError(largestStableRate / wishes.learningRate);
  // The posterior's own mean is shifted from the mode; the sandwich is that of the mode itself.
  const shiftWanted =
    wishes.centre === "mode" ? new Float64Array(hessian.rows) : await shiftOver(local, local.laplaceCovariance);
  return new WindowSearch(local, shape, wishes, { largestStableRate, shiftWanted }).run();
}

/** The law of the iterates at one step. */
interface LawAtStep {
  readonly rate: number;
  readonly covariance: Matrix;
  /** How C̄ grows with the step, to first order. */
  readonly growth: Matrix;
  readonly shift: Float64Array;
}

/** Extrapolates from the law at a reference step, which moves to where the best step is thought to be until the two agree. */
class WindowSearch {
  private readonly sandwich: Matrix;
  private readonly smallest: number;
  private longest: number;

  constructor(
    private readonly local: DenseApproximation,
    private readonly shape: Matrix,
    private readonly wishes: WindowWishes,
    private readonly limits: { readonly largestStableRate: number; readonly shiftWanted: Float64Array },
  ) {
    const { hessian, noiseCovariance, numRows } = local;
    this.sandwich = sandwichCovariance(hessian, noiseCovariance, numRows);
    this.smallest = 1e-5 * limits.largestStableRate;
    this.longest = 0.5 * limits.largestStableRate;
  }

  async run(): Promise<WindowChoice> {
    let reference = this.wishes.learningRate ?? firstFraction * this.limits.largestStableRate;
    for (let round = 0; ; round++) {
      const law = await this.lawAt(reference);
      if (!law) {
        reference = this.longest;
        continue;
      }
      const chosen = this.shortestWindow(law);
      const rate = chosen.learningRate;
      if (rate === reference) return chosen;
      const isClose = Math.abs(rate / reference - 1) < 0.1;
      const own = isClose || round >= 3 ? await this.covarianceAt(rate) : null;
      if (own) return this.windowMeans(rate, chosen.passes, own.covariance, shiftAt(law, rate));
      reference = Math.min(rate, this.longest);
    }
  }

  private sgdAt(rate: number) {
    const { hessian, noiseCovariance } = this.local;
    return { preconditioner: scale(this.shape, rate), hessian, noiseCovariance, batchSize: this.wishes.batchSize };
  }

  /** The covariance at a step; null where there is none, and the step was the program's choice: then shorter ones are tried. */
  private async covarianceAt(rate: number) {
    try {
      return await stateDependentCovariance(this.sgdAt(rate), this.local.noise);
    } catch (error) {
      const isGiven = this.wishes.learningRate !== undefined;
      if (!(error instanceof UnstableError) || isGiven || rate < 4 * this.smallest) throw error;
      this.longest = rate / 2;
      return null;
    }
  }

  private async lawAt(rate: number): Promise<LawAtStep | null> {
    const law = await this.covarianceAt(rate);
    if (!law) return null;
    const growth = scale(add(law.noiseCovariance, this.local.noiseCovariance, 1, -1), 1 / rate);
    return { rate, covariance: law.covariance, growth, shift: await shiftOver(this.local, law.covariance) };
  }

  private shortestWindow(law: LawAtStep): WindowChoice {
    const { passes: asked, tolerance, maxPasses } = this.wishes;
    const lengths = asked === undefined ? windowLengths : [asked];
    let chosen = this.best(law, lengths[0]);
    for (const passes of lengths.slice(1)) {
      if (worstOf(chosen) <= tolerance || passes > maxPasses) break;
      chosen = this.best(law, passes);
    }
    return chosen;
  }

  private best(law: LawAtStep, passes: number): WindowChoice {
    if (this.wishes.learningRate !== undefined) return this.estimate(law, law.rate, passes);
    const worstAt = (rate: number) => worstOf(this.estimate(law, rate, passes));
    return this.estimate(law, minOver(worstAt, this.smallest, this.longest), passes);
  }

  private estimate(law: LawAtStep, rate: number, passes: number): WindowChoice {
    if (rate === law.rate) return this.windowMeans(rate, passes, law.covariance, law.shift);
    const noiseCovariance = add(this.local.noiseCovariance, law.growth, 1, rate);
    const iterates = discreteStationaryCovariance({ ...this.sgdAt(rate), noiseCovariance });
    return this.windowMeans(rate, passes, iterates, shiftAt(law, rate));
  }

  private windowMeans(rate: number, passes: number, iterates: Matrix, shift: Float64Array): WindowChoice {
    const { numRows } = this.local;
    const { batchSize } = this.wishes;
    const { largestStableRate, shiftWanted } = this.limits;
    const steps = Math.max(1, Math.round((passes * numRows) / batchSize));
    const fraction = (steps * batchSize) / numRows;
    const covariance = scale(averagedCovariance(this.sgdAt(rate), iterates, steps), fraction);
    return {
      learningRate: rate,
      passes,
      steps,
      stretch: Math.sqrt(fraction),
      iterates,
      covariance,
      error: largestSdError(covariance, this.sandwich),
      meanError: Math.max(...shift.map((value, j) => Math.abs(value - shiftWanted[j]))),
      largestStableRate,
    };
  }
}

/** To first order the shift of the mean, like the noise, grows in proportion to the step. */
function shiftAt({ shift, rate: reference }: LawAtStep, rate: number): Float64Array {
  return shift.map((value) => (value * rate) / reference);
}

/** What the choice makes small: the larger of the errors of an sd, relative, and of a mean, in sds. */
function worstOf({ error, meanError }: WindowChoice): number {
  return Math.max(error, meanError);
}

/** The shift of the mean (`gradientNonlinearity`) of a law of this covariance; none for a quadratic loss. */
async function shiftOver(local: DenseApproximation, covariance: Matrix): Promise<Float64Array> {
  const { model, mode } = local;
  if (isQuadratic(model)) return new Float64Array(mode.length);
  return (await gradientNonlinearity(local, choleskySemidefinite(covariance))).shift;
}

/** Where a function of a positive number that falls and then rises is least, to 5%, by golden section of its logarithm. */
function minOver(value: (x: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(from), Math.log(to)];
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let [atLeft, atRight] = [value(Math.exp(left)), value(Math.exp(right))];
  while (high - low > 0.05) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = value(Math.exp(left));
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = value(Math.exp(right));
    }
  }
  return Math.exp((low + high) / 2);
}
