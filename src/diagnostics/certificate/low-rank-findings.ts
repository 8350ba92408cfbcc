import type { LowRankPrediction } from "../../sampling/plan.ts";
import type { LowRankRun } from "../../sampling/run.ts";
import {
  type CertificateContext,
  type Convergence,
  type Findings,
  numberOrNull,
  type RunCheck,
} from "./certificate.ts";
import { checkConvergence, minEffectiveSamples } from "./convergence-check.ts";
import { percent } from "./wording.ts";

/**
 * What can be said about a run over very many parameters without a matrix of all pairs: convergence of each coefficient,
 * and what halving the step changes or windows leave. The paper's assumptions are about matrices that are not held.
 */
export function lowRankFindings(
  { plan }: LowRankRun,
  { coefficients, options: { tolerance }, checks: ofModel, remarks }: CertificateContext,
): Findings {
  const { prediction, settings } = plan;
  const convergence = checkConvergence(coefficients, { fewDraws: remedyOf(coefficients) }, settings.chains);
  const accuracy = checkSettings(prediction, tolerance);
  const sdError = errorOfSettings(prediction);
  return {
    klToLaplace: { predicted: null, measured: null },
    maxSdError: { predicted: numberOrNull(sdError), measured: null },
    informationRatio: null,
    largestStableScale: numberOrNull(prediction.largestStableScale),
    assumptions: [],
    checks: [withSds(convergence, coefficients, tolerance), ...(accuracy ? [accuracy] : []), ...ofModel],
    notes: [
      "There are too many coefficients for the distances to the normal approximation, which need matrices of all pairs.",
      ...plan.notes,
      ...remarks,
    ],
    isDoubtful: plan.notes.length + remarks.length > 0,
    isUnfounded: false,
  };
}

function errorOfSettings(prediction: LowRankPrediction): number | null {
  if (prediction.law === "averages") return prediction.windowError;
  return prediction.law === "halved step" ? prediction.sdChange : null;
}

function checkSettings(prediction: LowRankPrediction, tolerance: number): RunCheck | null {
  if (prediction.law === "averages") return checkWindow(prediction.windowError, tolerance);
  return prediction.law === "halved step" ? checkStep(prediction.sdChange, tolerance) : null;
}

/**
 * The sds of very many coefficients are those of the kept draws, and the largest Monte Carlo error among so many is large
 * by chance. So the median error is reported, separately from that of the settings.
 */
function withSds(check: RunCheck, coefficients: readonly Convergence[], tolerance: number): RunCheck {
  const errors = coefficients.flatMap(({ sdError }) => sdError ?? []).sort((a, b) => a - b);
  if (!check.passed || errors.length === 0) return check;
  const median = errors[errors.length >> 1];
  const passed = median <= tolerance;
  const message = `${check.message} Monte Carlo leaves sds a standard error of ${percent(median)} in the median, which the error of the settings does not have in it${passed ? "" : "; run more --draws"}.`;
  return { ...check, passed, slight: !passed, message };
}

function remedyOf(coefficients: readonly Convergence[]): string {
  const few = coefficients.filter(({ essBulk }) => essBulk < minEffectiveSamples).length;
  const fraction =
    few === coefficients.length ? "all" : `${few.toLocaleString("en")} of ${coefficients.length.toLocaleString("en")}`;
  return `so have ${fraction} coefficients: run more --draws, use a tighter --prior for rare levels, or group them with --sql`;
}

function checkStep(sdChange: number | null, tolerance: number): RunCheck {
  if (sdChange === null)
    return {
      id: "accuracy",
      passed: true,
      message: "The loss is quadratic, for which steps of any length leave no error.",
    };
  const change = `Halving the step changes sds by ${percent(sdChange)} at most, averaged over a tenth of the coefficients each`;
  return sdChange <= tolerance
    ? { id: "accuracy", passed: true, message: `${change}.` }
    : {
        id: "accuracy",
        passed: false,
        message: `${change}, more than the tolerance of ${percent(tolerance)}: the loss is nothing like quadratic within reach of the posterior, as where rare levels never occur with some value of the target; use a tighter --prior, or group rare levels with --sql.`,
      };
}

function checkWindow(windowError: number, tolerance: number): RunCheck {
  const error = `The windows make sds too small by ${percent(windowError)} in the slowest direction that was found`;
  return windowError <= 1.05 * tolerance
    ? { id: "accuracy", passed: true, message: `${error}.` }
    : {
        id: "accuracy",
        passed: false,
        message: `${error}, more than the tolerance of ${percent(tolerance)}: use fewer --draws with a longer --window, or --sampler auto.`,
      };
}
