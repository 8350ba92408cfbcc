import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { gradientNonlinearity } from "../../estimation/nonlinearity.ts";
import { type Matrix, traceOfProduct } from "../../linalg/matrix.ts";
import { unlessZeroDensity } from "../../models/custom-functions.ts";
import type { AssumptionId, Plan } from "../../sampling/sampler.ts";
import { largestExcessKurtosis } from "../statistics/kurtosis.ts";
import { informationRatioOf } from "./information.ts";
import { percent } from "./wording.ts";

/** One of the paper's assumptions, measured. */
export interface AssumptionCheck {
  readonly id: AssumptionId;
  readonly name: string;
  readonly passed: boolean;
  /** null if the sampler does not depend on what is measured. */
  readonly value: number | null;
  readonly threshold: number;
  /** What the result means for the numbers, and what to do if it failed. */
  readonly message: string;
}

const unknownNonlinearity = { relativeError: Number.NaN, shift: [] };

/**
 * The check of a quadratic loss (A4) for a custom model with a bound among the points where it is measured; only
 * samplers that keep within bounds get here.
 */
const atBound: AssumptionCheck = {
  ...{ id: "A4", name: "the loss is quadratic over the posterior", passed: false, value: null, threshold: 0.2 },
  message:
    "Where the normal approximation would have draws the density is 0, beyond a bound: that approximation is off; this sampler keeps within the bound.",
};

/**
 * Measures the assumptions of Mandt, Hoffman & Blei (2017), section 3, for a plan, most of them on the subsample:
 * Gaussian gradient noise (A1), constant gradient noise (A2), small steps (A3), a quadratic loss (A4), and noise equal
 * to curvature (A5).
 */
export async function checkAssumptions(local: LocalApproximation, plan: Plan): Promise<AssumptionCheck[]> {
  const { batchSize } = plan.settings;
  const { hessian } = local;
  const { covariance, largestContraction, averages } = plan.prediction;
  const usesNoise = batchSize !== null && batchSize > 0 && plan.settings.preconditioner !== null;
  const kurtosis = usesNoise
    ? (await largestExcessKurtosis(local)) *
      (averages ? 1 / averages.rows : kurtosisLeft(largestContraction ?? 1) / batchSize)
    : null;
  const drift = usesNoise ? await noiseDrift(local, averages?.iterates ?? covariance) : null;
  const nonlinearity = await unlessZeroDensity(() => gradientNonlinearity(local, local.laplaceFactor));
  const { relativeError, shift } = nonlinearity ?? unknownNonlinearity;
  const meanShift = Math.max(...shift.map(Math.abs));
  const ratio = informationRatioOf(local);
  // Where the prior determines everything, the data have neither information to compare nor noise.
  const isTold = Number.isFinite(ratio) && ratio > 0;
  const followsShape = plan.prediction.limit !== undefined || plan.prediction.isExact;
  const enoughRows = local.numRows >= 10 * hessian.rows;
  return [
    check("A1", "gradient noise is normal", kurtosis, 0.3, (value) =>
      value === null
        ? "This sampler does not take its spread from the gradient noise."
        : value <= 0.3
          ? `The gradient noise leaves the draws an excess kurtosis of at most ${value.toFixed(2)}.`
          : `The gradient noise has heavy tails and leaves the draws an excess kurtosis of ${value.toFixed(1)}: sds are as predicted, intervals far out in the tails are not; raise --batch-size or use --sampler control-variate.`,
    ),
    check("A2", "gradient noise is constant over the iterates' region", drift, 0.1, (value) =>
      value === null
        ? "This sampler does not take its spread from the gradient noise."
        : value <= 0.1
          ? `The noise over the iterates' region differs by ${percent(value)} from that at the mode; the settings and the predicted sds allow for it.`
          : `The noise over the iterates' region differs by ${percent(value)} from that at the mode; the predicted sds allow for it, but the tails are not normal: raise --batch-size.`,
    ),
    check("A3", "steps are small against the curvature", largestContraction, 1.000001, (value) =>
      value === null
        ? "Nothing is iterated."
        : value <= 1.000001
          ? `A step closes at most a fraction ${value.toPrecision(2)} of the distance to the mode in any direction; the predictions hold at this finite step.`
          : `The step overshoots the mode (ρ(HA) = ${value.toFixed(2)}), so successive iterates jump from side to side; lower the learning rate.`,
    ),
    nonlinearity === undefined
      ? atBound
      : plan.prediction.isCentred
        ? check("A4", "the loss is quadratic over the posterior", meanShift, 0.1, () =>
            meanShift <= 0.1
              ? `The posterior mean is within ${meanShift.toFixed(2)} sd of the mode.`
              : meanShift <= 1
                ? `The loss is not quadratic over the posterior: the posterior mean is about ${meanShift.toFixed(2)} sd away from the mode, where these draws are centred; --sampler control-variate follows the skewed shape.`
                : "The loss is nothing like quadratic over the posterior: its mean is more than an sd away from the mode, where these draws are centred; try --sampler control-variate, or see whether the prior alone bounds some coefficients, and use a tighter --prior.",
          )
        : averages && averages.meanError > 0.1
          ? check(
              "A4",
              "the loss is quadratic over the iterates' region",
              averages.meanError,
              0.1,
              () =>
                `The iterates visit a wider region than the posterior, over which the loss is not quadratic, and their averages are centred about ${averages.meanError.toFixed(2)} sd off; lower --learning-rate with a longer --window, or use --sampler control-variate.`,
            )
          : check("A4", "the loss is quadratic over the posterior", relativeError, 0.2, () =>
              relativeError <= 0.2
                ? `Over the posterior the gradient differs by ${percent(relativeError)} from that of a quadratic loss.`
                : `Over the posterior the gradient differs by ${percent(relativeError)} from that of a quadratic loss: the posterior is skewed, so normal approximations of it are off; ${followsShape ? "this sampler follows its shape" : "--sampler control-variate follows the skewed shape"}.`,
            ),
    check(
      "A5",
      "gradient noise equals curvature (the model is well specified)",
      enoughRows && isTold ? Math.abs(Math.log(ratio)) : null,
      Math.log(1.5),
      (value) =>
        value === null
          ? isTold
            ? "There are too few rows to tell."
            : "The data say too little beside the prior to tell."
          : value <= Math.log(1.5)
            ? `The information ratio, 1 for a well-specified model, is ${ratio.toFixed(2)}.`
            : `The information ratio, 1 for a well-specified model, is ${ratio.toFixed(2)}: the data vary otherwise than the model says, so its posterior sds are not the sds over repeated data; check the model (variance, independence of rows, missing terms).`,
    ),
  ];
}

function check(
  id: AssumptionId,
  name: string,
  value: number | null,
  threshold: number,
  message: (value: number | null) => string,
): AssumptionCheck {
  const passed = value === null || value <= threshold;
  return { id, name, value: Number.isFinite(value) ? value : null, threshold, passed, message: message(value) };
}

/** |Tr(P C̄(Σ)) / Tr(P C) − 1| */
async function noiseDrift(
  { noise, noiseCovariance, laplaceCovariance }: LocalApproximation,
  covariance: Matrix,
): Promise<number> {
  const averaged = await noise.averagedOver(covariance);
  return Math.abs(traceOfProduct(laplaceCovariance, averaged) / traceOfProduct(laplaceCovariance, noiseCovariance) - 1);
}

/**
 * The fraction of the kurtosis of a step's noise that is left in the stationary law of a direction that contracts by 1
 * − λ per step.
 */
function kurtosisLeft(contraction: number): number {
  const squared = (1 - contraction) ** 2;
  return (1 - squared) / (1 + squared);
}
