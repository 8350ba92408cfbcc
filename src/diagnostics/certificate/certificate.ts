import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import {
  type ChainOutput,
  type Plan,
  type Remedy,
  type Sampler,
  type Tuning,
  type TuningName,
  tuningFlagsOf,
} from "../../sampling/sampler.ts";
import type { Gaussian } from "../../theory/divergence.ts";
import { largestByChance } from "../statistics/r-hat.ts";
import { klOrNull } from "./accuracy.ts";
import { type AssumptionCheck, checkAssumptions } from "./assumptions.ts";
import { compareWithExact } from "./exact-check.ts";
import { checkHamiltonian } from "./hamiltonian-check.ts";
import { informationRatioOf } from "./information.ts";
import { errorOfEnds, type MonteCarloErrors, monteCarloErrors, type Precision, totalErrorOfSds } from "./precision.ts";
import { percent } from "./wording.ts";

export type Verdict = "ok" | "warning" | "failed";

/**
 * A check that is not one of the paper's assumptions, such as whether the chains converged and whether the draws follow
 * their predicted law.
 */
export interface RunCheck {
  readonly id: "convergence" | "prediction" | "accuracy" | "nuts" | "prior" | "exact";
  readonly passed: boolean;
  /** Not passed, but by so little that the verdict is a warning. */
  readonly slight?: boolean;
  readonly message: string;
}

/** What the theory predicts for a run, what was measured, and which check failed. */
export interface Certificate {
  readonly verdict: Verdict;
  /** KL from the draws' normal law to the Laplace posterior, nats. */
  readonly klToLaplace: { readonly predicted: number | null; readonly measured: number | null };
  /**
   * Largest relative error of a posterior sd. For constant SGD against the Laplace posterior; for control variates
   * predicted by halving the step, and measured against the sds extrapolated to step 0.
   */
  readonly maxSdError: { readonly predicted: number | null; readonly measured: number | null };
  /** What chance adds to that. */
  readonly monteCarlo: MonteCarloErrors;
  /** null if there are too many coefficients to compute it. */
  readonly informationRatio: number | null;
  readonly meanSquareStable: boolean;
  readonly largestStableScale: number | null;
  readonly assumptions: readonly AssumptionCheck[];
  readonly checks: readonly RunCheck[];
  /** What the numbers depend on besides the data, and other things that the reader should know. */
  readonly notes: readonly string[];
}

/** What the certificate needs to know of one reported coefficient. */
export interface Convergence extends Precision {
  readonly essBulk: number;
  readonly rHat: number;
}

/** Settings whose values the theory would have chosen; the shape of the steps is a choice of method. */
const ownSteps: readonly TuningName[] = ["learningRate", "window", "maxStep", "damping"];
/** The same for preconditioners whose shape alone makes sds wrong, whatever their scale. */
const ownNoise: readonly TuningName[] = ["batchSize", "momentum"];
/**
 * With the user's own settings, sds that are wrong by this many times the tolerance, or by a tenth, do not describe the
 * posterior.
 */
const farOff = { tolerances: 5, fraction: 0.1 };

const minEffectiveSamples = 400;
const largestRHat = 1.01;

/** @param ofModel Checks of the model itself, independent of the sampler. */
export async function certify(
  local: LocalApproximation,
  sampler: Sampler,
  plan: Plan,
  output: ChainOutput,
  coefficients: readonly Convergence[],
  { tolerance, ...tuning }: Tuning & { readonly tolerance: number },
  notes: readonly string[],
  ofModel: readonly RunCheck[] = [],
): Promise<Certificate> {
  const { laplaceCovariance, mode } = local;
  const target: Gaussian = { mean: mode, covariance: laplaceCovariance };
  const assumptions = await checkAssumptions(local, plan);
  const { limit, target: wanted } = plan.prediction;
  const measured = largestDeviation(output, limit?.sd ?? sdsOf((wanted ?? laplaceCovariance).data, mode.length));
  const remedy = sampler.remedy?.(plan.settings) ?? {};
  const checks: RunCheck[] = [
    withEnds(checkConvergence(coefficients, remedy), plan, output, coefficients),
    checkPrediction(plan, output, coefficients, remedy),
    checkAccuracy(plan, coefficients, { tolerance, given: ownNumbers(plan, tuning) }, remedy),
    ...ofModel,
  ];
  if (output.hamiltonian) checks.push({ id: "nuts", ...checkHamiltonian(output.hamiltonian) });
  // Settings that are known to be wrong make no claim that could be checked.
  const exact = checks[2].passed ? await compareWithExact(local, plan, output, tolerance) : null;
  if (exact) checks.push({ id: "exact", ...exact });
  const reliedOnFailed = assumptions.some((check) => !check.passed && sampler.assumes.includes(check.id));
  const failed = reliedOnFailed || checks.some((check) => !check.passed && !check.slight);
  const followsShape = plan.prediction.limit !== undefined || plan.prediction.isExact;
  const anyFailed =
    assumptions.some((check) => !check.passed && !(check.id === "A4" && followsShape)) ||
    checks.some((check) => !check.passed);
  return {
    verdict: failed ? "failed" : anyFailed || notes.length > 0 ? "warning" : "ok",
    klToLaplace: {
      predicted: numberOrNull(klOrNull({ mean: mode, covariance: plan.prediction.covariance }, target)),
      measured: numberOrNull(klOrNull({ mean: output.mean, covariance: output.covariance }, target)),
    },
    maxSdError: {
      predicted: numberOrNull(plan.prediction.maxSdError),
      measured: plan.prediction.isComparison ? null : numberOrNull(measured),
    },
    monteCarlo: monteCarloErrors(coefficients, plan.prediction.maxSdError),
    informationRatio: numberOrNull(informationRatioOf(local)),
    meanSquareStable: plan.prediction.meanSquareStable,
    largestStableScale: numberOrNull(plan.prediction.largestStableScale),
    assumptions,
    checks,
    notes: [...plan.notes, ...noModeNotes(local), ...notes],
  };
}

function noModeNotes({ noMode }: LocalApproximation): string[] {
  return noMode === undefined ? [] : [`Distances to the normal approximation say little here: ${noMode}.`];
}

/** A value that is not finite counts as unknown. */
function numberOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function sdsOf(covariance: Float64Array, dimension: number): Float64Array {
  return Float64Array.from({ length: dimension }, (_, j) => Math.sqrt(covariance[j * dimension + j]));
}

function largestDeviation(output: ChainOutput, reference: Float64Array): number {
  const sds = sdsOf(output.covariance.data, output.dimension);
  return Math.max(...Array.from(sds, (sd, j) => Math.abs(sd / reference[j] - 1)));
}

/** @param chains Given if there are so many coefficients that the largest R̂ exceeds the limit by chance. */
export function checkConvergence(
  coefficients: readonly Convergence[],
  { fewDraws }: Remedy,
  chains?: number,
): RunCheck {
  const fewest = coefficients.reduce((worst, c) => (c.essBulk < worst.essBulk ? c : worst));
  const limitOf = ({ essBulk }: Convergence) =>
    chains ? Math.max(largestRHat, largestByChance(essBulk, 2 * chains, coefficients.length)) : largestRHat;
  const largest = coefficients.reduce((worst, c) => (c.rHat - limitOf(c) > worst.rHat - limitOf(worst) ? c : worst));
  if (fewest.essBulk < minEffectiveSamples) {
    return {
      id: "convergence",
      passed: false,
      message: `${fewest.name} has only ${Math.round(fewest.essBulk)} effective draws (${minEffectiveSamples} are wanted), so its interval is rough; ${fewDraws ?? "run more --draws"}.`,
    };
  }
  const limit = limitOf(largest);
  if (largest.rHat > limit) {
    return {
      id: "convergence",
      passed: false,
      message: `The chains disagree about ${largest.name} (R̂ ${largest.rHat.toFixed(3)}, above ${limit.toFixed(2)}); run more --draws.`,
    };
  }
  const most = coefficients.reduce((worst, { rHat }) => Math.max(worst, rHat), 0);
  return {
    id: "convergence",
    passed: true,
    message: `The chains agree (R̂ at most ${most.toFixed(3)}) and every coefficient has at least ${Math.floor(fewest.essBulk).toLocaleString("en")} effective draws.`,
  };
}

/** Chains that agree, with enough draws for means and sds, may still determine the ends of the intervals poorly. */
function withEnds(check: RunCheck, plan: Plan, output: ChainOutput, coefficients: readonly Convergence[]): RunCheck {
  const ends = check.passed ? errorOfEnds(plan, output, coefficients) : null;
  if (!ends) return check;
  return { ...check, passed: ends.passed, slight: !ends.passed, message: `${check.message} ${ends.message}` };
}

/**
 * Measured against predicted sds. Beyond 3% and four standard errors (including those of the pilot runs, if they made the
 * prediction) the predicted law does not hold.
 */
function checkPrediction(
  plan: Plan,
  output: ChainOutput,
  coefficients: readonly Convergence[],
  remedy: Remedy,
): RunCheck {
  const { limit, covariance, isComparison } = plan.prediction;
  const predicted = limit?.sd ?? sdsOf(covariance.data, output.dimension);
  const deviation = largestDeviation(output, predicted);
  const fewest = Math.min(...coefficients.map((c) => c.essBulk));
  if (isComparison) {
    return {
      id: "prediction",
      passed: true,
      message: `The draws come from the posterior itself; the sds of the normal approximation at the mode differ from theirs by up to ${percent(deviation)}.`,
    };
  }
  const allowed = 4 / Math.sqrt(2 * Math.max(fewest, 1)) + 0.03;
  const what = limit ? "those that halving the step leads to" : "the predicted ones";
  const sds = sdsOf(output.covariance.data, output.dimension);
  const agrees = sds.every((sd, j) => {
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

/** The flags of values that were given in place of the theory's. */
function ownNumbers({ settings: { preconditioner } }: Plan, tuning: Tuning): string[] {
  const isOfAnyShape = preconditioner === null || preconditioner === "full" || preconditioner === "full-exact";
  return tuningFlagsOf(tuning, isOfAnyShape ? [...ownSteps, ...ownNoise] : ownSteps);
}

/**
 * The error that the settings make in sds, against the tolerance. Beyond it, steps that a pilot run chose (`limit`) fail.
 * The paper's samplers only get a warning, because their best settings may leave such an error; unless the settings are
 * the user's own and far off.
 * @param given the flags of such settings
 */
function checkAccuracy(
  plan: Plan,
  coefficients: readonly Convergence[],
  { tolerance, given }: { readonly tolerance: number; readonly given: readonly string[] },
  remedy: Remedy,
): RunCheck {
  const { maxSdError, limit, target } = plan.prediction;
  const sds = target ? "sds" : "posterior sds";
  const allowed = limit ? tolerance : Math.max(tolerance, 0.02);
  if (maxSdError <= allowed) {
    const bySettings = `Largest error that the settings make in ${target ? "an sd" : "a posterior sd"}: ${percent(maxSdError)}.`;
    const total = totalErrorOfSds(plan, coefficients, allowed, sds);
    if (total && !total.passed) return { id: "accuracy", passed: false, slight: true, message: total.message };
    return { id: "accuracy", passed: true, message: total ? `${bySettings} ${total.message}` : bySettings };
  }
  const maxOfOwn = Math.max(allowed, Math.min(farOff.tolerances * allowed, farOff.fraction));
  // Not ">": an error that is NaN counts as far off.
  const isFarOff = given.length > 0 && !(maxSdError <= maxOfOwn);
  return {
    id: "accuracy",
    passed: false,
    slight: limit === undefined && !isFarOff,
    message: `The settings make ${sds} wrong by up to ${percent(maxSdError)}, more than the tolerance of ${percent(allowed)}: do not read the intervals as ${target ? "those of repeated data" : "posterior intervals"}; ${isFarOff ? `leave ${given.join(" and ")} out` : (remedy.accuracy ?? "use --sampler auto")}.`,
  };
}
