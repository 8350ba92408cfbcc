import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { posteriorSds } from "../../estimation/local-approximation.ts";
import { diagonal, type Matrix } from "../../linalg/matrix.ts";
import { type Tuning, type TuningName, tuningFlagsOf } from "../../options/tuning.ts";
import { type ChainOutput, followsShape, type Plan } from "../../sampling/plan.ts";
import type { DenseRun } from "../../sampling/run.ts";
import type { Remedy } from "../../sampling/sampler.ts";
import type { Gaussian } from "../../theory/divergence.ts";
import { klOrNull } from "./accuracy.ts";
import { checkAssumptions } from "./assumptions.ts";
import {
  type CertificateContext,
  type Convergence,
  type Findings,
  numberOrNull,
  type RunCheck,
} from "./certificate.ts";
import { checkConvergence } from "./convergence-check.ts";
import { compareWithExact } from "./exact-check.ts";
import { checkHamiltonian } from "./hamiltonian-check.ts";
import { informationRatioOf } from "./information.ts";
import { errorOfEnds, totalErrorOfSds } from "./precision.ts";
import { findQuadrature } from "./quadrature-check.ts";
import { percent } from "./wording.ts";

/** Numbers that the theory would have chosen; what shape the steps have is a choice of method. */
const ownSteps: readonly TuningName[] = ["learningRate", "window", "maxStep", "damping"];
/** The same, but for steps of a shape that is off by itself, whatever these are. */
const ownNoise: readonly TuningName[] = ["batchSize", "momentum"];
/** With settings of the user's own, sds that are wrong by so many times the tolerance, or by a tenth, are no posterior's. */
const farOff = { tolerances: 5, fraction: 0.1 };

/** Against the normal approximation, whose covariance is held, and the law that the theory predicts. */
export async function denseFindings(
  run: DenseRun,
  { coefficients, options: { tolerance, ...tuning }, checks: ofModel, remarks }: CertificateContext,
): Promise<Findings> {
  const { local, sampler, plan, output } = run;
  const { prediction } = plan;
  const target: Gaussian = { mean: local.mode, covariance: local.laplaceCovariance };
  const assumptions = await checkAssumptions(local, plan);
  const remedy = sampler.remedy?.(plan.settings) ?? {};
  const accuracy = checkAccuracy(plan, coefficients, { tolerance, given: ownNumbers(plan, tuning) }, remedy);
  const checks: RunCheck[] = [
    withEnds(checkConvergence(coefficients, remedy, output.chains), plan, output, coefficients),
    checkPrediction(plan, output, coefficients, remedy),
    accuracy,
    ...ofModel,
  ];
  const quadrature = local.quadrature && findQuadrature(local.quadrature, coefficients, tolerance);
  if (quadrature) checks.push(quadrature.check);
  if (output.hamiltonian) checks.push({ id: "nuts", ...checkHamiltonian(output.hamiltonian) });
  // Settings that are known to be off claim nothing that there is to check.
  const exact = accuracy.passed ? await compareWithExact(local, plan, output, tolerance) : null;
  if (exact) checks.push({ id: "exact", ...exact });
  const failed = assumptions.filter(({ passed }) => !passed);
  const isComparison = prediction.law === "posterior" && !prediction.isKnown;
  return {
    klToLaplace: {
      predicted: numberOrNull(klOrNull({ mean: local.mode, covariance: prediction.covariance }, target)),
      measured: numberOrNull(klOrNull({ mean: output.mean, covariance: output.covariance }, target)),
    },
    maxSdError: {
      predicted: numberOrNull(prediction.maxSdError),
      measured: isComparison ? null : numberOrNull(largestDeviation(output, sdsWanted(local, plan))),
    },
    informationRatio: numberOrNull(informationRatioOf(local)),
    largestStableScale: numberOrNull(prediction.largestStableScale),
    assumptions,
    checks,
    ...(quadrature && { quadrature: quadrature.findings }),
    notes: [...remarks, ...plan.notes, ...noModeNotes(local)],
    isDoubtful: failed.some(({ id }) => !(id === "A4" && followsShape(prediction))),
    isUnfounded: failed.some(({ id }) => sampler.assumes.includes(id)),
  };
}

/** M: the sds that the draws are meant to have. */
function sdsWanted(local: DenseApproximation, { prediction }: Plan): Float64Array {
  if (prediction.law === "extrapolated") return prediction.extrapolation.sd;
  if (prediction.law === "averages" && prediction.target) return sdsOf(prediction.target);
  return posteriorSds(local);
}

function noModeNotes({ noMode }: DenseApproximation): string[] {
  return noMode === undefined ? [] : [`Distances to the normal approximation say little here: ${noMode}.`];
}

function sdsOf(covariance: Matrix): Float64Array {
  return diagonal(covariance).map(Math.sqrt);
}

function largestDeviation({ covariance }: ChainOutput, expected: Float64Array): number {
  return Math.max(...sdsOf(covariance).map((sd, j) => Math.abs(sd / expected[j] - 1)));
}

/** Chains that agree on enough draws for means and sds may still leave the ends of the intervals rough. */
function withEnds(check: RunCheck, plan: Plan, output: ChainOutput, coefficients: readonly Convergence[]): RunCheck {
  const ends = check.passed ? errorOfEnds(plan, output, coefficients) : null;
  if (!ends) return check;
  return { ...check, passed: ends.passed, slight: !ends.passed, message: `${check.message} ${ends.message}` };
}

/**
 * Measured against predicted sds: beyond four standard errors, of the pilot runs too where the prediction is theirs, and 3%
 * the predicted law does not hold.
 */
function checkPrediction(
  plan: Plan,
  output: ChainOutput,
  coefficients: readonly Convergence[],
  remedy: Remedy,
): RunCheck {
  const { prediction } = plan;
  const limit = prediction.law === "extrapolated" ? prediction.extrapolation : undefined;
  const predicted = limit?.sd ?? sdsOf(prediction.covariance);
  const deviation = largestDeviation(output, predicted);
  const fewest = Math.min(...coefficients.map((c) => c.essBulk));
  if (prediction.law === "posterior" && !prediction.isKnown) {
    return {
      id: "prediction",
      passed: true,
      message: `The draws come from the posterior itself; the sds of the normal approximation at the mode differ from theirs by up to ${percent(deviation)}.`,
    };
  }
  const allowed = 4 / Math.sqrt(2 * Math.max(fewest, 1)) + 0.03;
  const what = limit ? "those that halving the step leads to" : "the predicted ones";
  const agrees = sdsOf(output.covariance).every((sd, j) => {
    const byPilot = limit ? (4 * limit.sdError[j]) / limit.sd[j] : 0;
    return Math.abs(sd / predicted[j] - 1) <= allowed + byPilot;
  });
  return agrees
    ? {
        id: "prediction",
        passed: true,
        message: `The measured sds agree with ${what}: largest difference ${percent(deviation)}.`,
      }
    : {
        id: "prediction",
        passed: false,
        message: `The measured sds differ by up to ${percent(deviation)} from ${what}, more than chance explains: ${limit ? "the step is too long for this loss" : "the loss is not quadratic where the draws go, or the chains have not settled"}; ${remedy.prediction ?? "use --sampler auto"}.`,
      };
}

/** The flags of numbers that were given in place of the theory's. */
function ownNumbers({ settings: { preconditioner } }: Plan, tuning: Tuning): string[] {
  const isOfAnyShape = preconditioner === null || preconditioner === "full" || preconditioner === "full-exact";
  return tuningFlagsOf(tuning, isOfAnyShape ? [...ownSteps, ...ownNoise] : ownSteps);
}

/**
 * The error that the settings make in sds, against the tolerance. Beyond it, steps that a pilot run chose fail (`limit`); the paper's
 * samplers, whose best settings leave what they leave, are warned of, unless the settings are the user's own and far off.
 * @param given the flags of such settings
 */
function checkAccuracy(
  plan: Plan,
  coefficients: readonly Convergence[],
  { tolerance, given }: { readonly tolerance: number; readonly given: readonly string[] },
  remedy: Remedy,
): RunCheck {
  const { prediction } = plan;
  const { maxSdError } = prediction;
  const limit = prediction.law === "extrapolated" ? prediction.extrapolation : undefined;
  const target = prediction.law === "averages" ? prediction.target : undefined;
  const sds = target ? "sds" : "posterior sds";
  const allowed = limit ? tolerance : Math.max(tolerance, 0.02);
  if (maxSdError <= allowed) {
    const bySettings = `Largest error that the settings make in ${target ? "an sd" : "a posterior sd"}: ${percent(maxSdError)}.`;
    const total = totalErrorOfSds(plan, coefficients, allowed, sds);
    if (total && !total.passed) return { id: "accuracy", passed: false, slight: true, message: total.message };
    return { id: "accuracy", passed: true, message: total ? `${bySettings} ${total.message}` : bySettings };
  }
  const maxOfOwn = Math.max(allowed, Math.min(farOff.tolerances * allowed, farOff.fraction));
  // Not ">": an error that is no number is far off.
  const isFarOff = given.length > 0 && !(maxSdError <= maxOfOwn);
  return {
    id: "accuracy",
    passed: false,
    slight: limit === undefined && !isFarOff,
    message: `The settings make ${sds} wrong by up to ${percent(maxSdError)}, more than the tolerance of ${percent(allowed)}: do not read the intervals as ${target ? "those of repeated data" : "posterior intervals"}; ${isFarOff ? `leave ${given.join(" and ")} out` : (remedy.accuracy ?? "use --sampler auto")}.`,
  };
}
