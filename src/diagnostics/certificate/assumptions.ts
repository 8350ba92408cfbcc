import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { gradientNonlinearity } from "../../estimation/nonlinearity.ts";
import { type Matrix, traceOfProduct } from "../../linalg/matrix.ts";
import { unlessZeroDensity } from "../../models/custom-functions.ts";
import { numObservations } from "../../models/model.ts";
import { followsShape, type Plan, type Prediction } from "../../sampling/plan.ts";
import type { AssumptionId } from "../../sampling/sampler.ts";
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

/** A4 of a custom model with a bound among the points where it is measured; only samplers that keep within bounds come here. */
const atBound: AssumptionCheck = {
  id: "A4",
  name: "the loss is quadratic over the posterior",
  passed: false,
  value: null,
  threshold: 0.2,
  message:
    "Where the normal approximation would have draws the density is 0, beyond a bound: that approximation is off; this sampler keeps within the bound.",
};

/** Measures assumptions A1 to A5 (Mandt, Hoffman & Blei 2017, section 3) for a plan, most of them on the subsample. */
export async function checkAssumptions(local: DenseApproximation, plan: Plan): Promise<AssumptionCheck[]> {
  const { batchSize, preconditioner } = plan.settings;
  const { prediction } = plan;
  const usesNoise = batchSize !== null && batchSize > 0 && preconditioner !== null;
  const iterates = prediction.law === "averages" ? prediction.iterates : prediction.covariance;
  return [
    normalNoise(usesNoise ? await kurtosisOfDraws(local, prediction, batchSize) : null),
    constantNoise(usesNoise ? await noiseDrift(local, iterates) : null),
    smallSteps(prediction.largestContraction),
    quadraticLoss(prediction, await unlessZeroDensity(() => gradientNonlinearity(local, local.laplaceFactor))),
    wellSpecified(local),
  ];
}

async function kurtosisOfDraws(local: DenseApproximation, prediction: Prediction, batchSize: number): Promise<number> {
  const ofRow = await largestExcessKurtosis(local);
  if (prediction.law === "averages") return ofRow * (1 / prediction.rows);
  return ofRow * (kurtosisLeft(prediction.largestContraction ?? 1) / batchSize);
}

const notFromNoise = "This sampler does not take its spread from the gradient noise.";

function normalNoise(kurtosis: number | null): AssumptionCheck {
  return check("A1", "gradient noise is normal", kurtosis, 0.3, (value) => {
    if (value === null) return notFromNoise;
    return value <= 0.3
      ? `The gradient noise leaves the draws an excess kurtosis of at most ${value.toFixed(2)}.`
      : `The gradient noise has heavy tails and leaves the draws an excess kurtosis of ${value.toFixed(1)}: sds are as predicted, intervals far out in the tails are not; raise --batch-size or use --sampler control-variate.`;
  });
}

function constantNoise(drift: number | null): AssumptionCheck {
  return check("A2", "gradient noise is constant over the iterates' region", drift, 0.1, (value) => {
    if (value === null) return notFromNoise;
    const differs = `The noise over the iterates' region differs by ${percent(value)} from that at the mode`;
    return value <= 0.1
      ? `${differs}; the settings and the predicted sds allow for it.`
      : `${differs}; the predicted sds allow for it, but the tails are not normal: raise --batch-size.`;
  });
}

function smallSteps(largestContraction: number | null): AssumptionCheck {
  return check("A3", "steps are small against the curvature", largestContraction, 1.000001, (value) => {
    if (value === null) return "Nothing is iterated.";
    return value <= 1.000001
      ? `A step closes at most a fraction ${value.toPrecision(2)} of the distance to the mode in any direction; the predictions hold at this finite step.`
      : `The step overshoots the mode (ρ(HA) = ${value.toFixed(2)}), so successive iterates jump from side to side; lower the learning rate.`;
  });
}

const quadratic = "the loss is quadratic over the posterior";

function quadraticLoss(
  prediction: Prediction,
  nonlinearity: { readonly relativeError: number; readonly shift: ArrayLike<number> } | undefined,
): AssumptionCheck {
  if (!nonlinearity) return atBound;
  if (prediction.law === "laplace") return centredAtMode(nonlinearity.shift);
  if (prediction.law === "averages" && prediction.meanError > 0.1)
    return check(
      "A4",
      "the loss is quadratic over the iterates' region",
      prediction.meanError,
      0.1,
      () =>
        `The iterates visit a wider region than the posterior, over which the loss is not quadratic, and their averages are centred about ${prediction.meanError.toFixed(2)} sd off; lower --learning-rate with a longer --window, or use --sampler control-variate.`,
    );
  const { relativeError } = nonlinearity;
  const differs = `Over the posterior the gradient differs by ${percent(relativeError)} from that of a quadratic loss`;
  const remedy = followsShape(prediction)
    ? "this sampler follows its shape"
    : "--sampler control-variate follows the skewed shape";
  return check("A4", quadratic, relativeError, 0.2, () =>
    relativeError <= 0.2
      ? `${differs}.`
      : `${differs}: the posterior is skewed, so normal approximations of it are off; ${remedy}.`,
  );
}

function centredAtMode(shift: ArrayLike<number>): AssumptionCheck {
  const meanShift = Math.max(...Array.from(shift, Math.abs));
  return check("A4", quadratic, meanShift, 0.1, () => {
    if (meanShift <= 0.1) return `The posterior mean is within ${meanShift.toFixed(2)} sd of the mode.`;
    return meanShift <= 1
      ? `The loss is not quadratic over the posterior: the posterior mean is about ${meanShift.toFixed(2)} sd away from the mode, where these draws are centred; --sampler control-variate follows the skewed shape.`
      : "The loss is nothing like quadratic over the posterior: its mean is more than an sd away from the mode, where these draws are centred; try --sampler control-variate, or see whether the prior alone bounds some coefficients, and use a tighter --prior.";
  });
}

function wellSpecified(local: DenseApproximation): AssumptionCheck {
  const ratio = informationRatioOf(local);
  // Where the prior determines everything, the data have neither information to compare nor noise.
  const isTold = Number.isFinite(ratio) && ratio > 0;
  const enoughRows = numObservations(local.model) >= 10 * local.hessian.rows;
  const value = enoughRows && isTold ? Math.abs(Math.log(ratio)) : null;
  const name = "gradient noise equals curvature (the model is well specified)";
  return check("A5", name, value, Math.log(1.5), () => {
    if (value === null)
      return isTold ? "There are too few rows to tell." : "The data say too little beside the prior to tell.";
    const told = `The information ratio, 1 for a well-specified model, is ${ratio.toFixed(2)}`;
    return value <= Math.log(1.5)
      ? `${told}.`
      : `${told}: the data vary otherwise than the model says, so its posterior sds are not the sds over repeated data; check the model (variance, independence of rows, missing terms).`;
  });
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
  { noise, noiseCovariance, laplaceCovariance }: DenseApproximation,
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
