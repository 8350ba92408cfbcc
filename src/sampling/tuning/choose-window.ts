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
  const { hessian, noiseCovariance, numRows, noise } = local;
  const { batchSize, tolerance } = wishes;
  const sandwich = sandwichCovariance(hessian, noiseCovariance, numRows);
  const sgdAt = (rate: number) => ({ preconditioner: scale(shape, rate), hessian, noiseCovariance, batchSize });
  const largestStableRate = await largestStableScale(sgdAt(1), noise);
  if (wishes.learningRate !== undefined && wishes.learningRate >= largestStableRate)
    throw new UnstableError(largestStableRate / wishes.learningRate);

  // The posterior's own mean is shifted from the mode; the sandwich is that of the mode itself.
  const shiftWanted =
    wishes.centre === "mode" ? new Float64Array(hessian.rows) : await shiftOver(local, local.laplaceCovariance);

  const windowMeans = (rate: number, passes: number, iterates: Matrix, shift: Float64Array): WindowChoice => {
    const steps = Math.max(1, Math.round((passes * numRows) / batchSize));
    const fraction = (steps * batchSize) / numRows;
    const covariance = scale(averagedCovariance(sgdAt(rate), iterates, steps), fraction);
    const error = largestSdError(covariance, sandwich);
    return {
      learningRate: rate,
      passes,
      steps,
      stretch: Math.sqrt(fraction),
      iterates,
      covariance,
      error,
      meanError: Math.max(...shift.map((value, j) => Math.abs(value - shiftWanted[j]))),
      largestStableRate,
    };
  };

  const smallest = 1e-5 * largestStableRate;
  let longest = 0.5 * largestStableRate;
  let reference = wishes.learningRate ?? firstFraction * largestStableRate;
  /** The law at a step; null where it is none, and the step was the program's choice: then shorter ones are tried. */
  const lawAt = async (rate: number) => {
    try {
      return await stateDependentCovariance(sgdAt(rate), noise);
    } catch (error) {
      if (!(error instanceof UnstableError) || wishes.learningRate !== undefined || rate < 4 * smallest) throw error;
      longest = rate / 2;
      return null;
    }
  };
  for (let round = 0; ; round++) {
    const law = await lawAt(reference);
    if (!law) {
      reference = longest;
      continue;
    }
    // To first order the noise, and the shift of the mean, grow in proportion to the step.
    const shiftAtReference = await shiftOver(local, law.covariance);
    const shiftAt = (rate: number) => shiftAtReference.map((value) => (value * rate) / reference);
    const growth = scale(add(law.noiseCovariance, noiseCovariance, 1, -1), 1 / reference);
    const estimate = (rate: number, passes: number) => {
      if (rate === reference) return windowMeans(rate, passes, law.covariance, shiftAtReference);
      const grown = add(noiseCovariance, growth, 1, rate);
      const iterates = discreteStationaryCovariance({ ...sgdAt(rate), noiseCovariance: grown });
      return windowMeans(rate, passes, iterates, shiftAt(rate));
    };
    const best = (passes: number) =>
      wishes.learningRate === undefined
        ? estimate(
            minOver((rate) => worstOf(estimate(rate, passes)), smallest, longest),
            passes,
          )
        : estimate(reference, passes);
    const lengths = wishes.passes === undefined ? windowLengths : [wishes.passes];
    let chosen = best(lengths[0]);
    for (const passes of lengths.slice(1)) {
      if (worstOf(chosen) <= tolerance || passes > wishes.maxPasses) break;
      chosen = best(passes);
    }
    const rate = chosen.learningRate;
    if (rate === reference) return chosen;
    const isClose = Math.abs(rate / reference - 1) < 0.1;
    const own = isClose || round >= 3 ? await lawAt(rate) : null;
    if (own) return windowMeans(rate, chosen.passes, own.covariance, shiftAt(rate));
    reference = Math.min(rate, longest);
  }
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
