import type { WideProblem } from "../../estimation/wide-problem.ts";
import type { WideRun } from "../../sampling/chains/wide-chains.ts";
import { type Certificate, type Convergence, checkConvergence, type RunCheck } from "./certificate.ts";
import { monteCarloErrors } from "./precision.ts";
import { percent } from "./wording.ts";

/**
 * What can be said about a run over very many parameters without a matrix of all pairs: convergence of each coefficient,
 * and
 * what halving the step changes. The paper's assumptions are about minibatch noise, which such runs do not have.
 */
export function certifyWide(
  local: WideProblem,
  run: WideRun,
  coefficients: readonly Convergence[],
  tolerance: number,
  notes: readonly string[],
): Certificate {
  const { learningRate } = run.settings;
  const convergence = checkConvergence(coefficients, { fewDraws: cureOf(coefficients) }, run.settings.chains);
  const checks = [withSds(convergence, coefficients, tolerance)];
  if (run.sdChange !== undefined) checks.push(checkStep(run.sdChange, tolerance));
  if (run.windowError !== undefined) checks.push(checkWindow(run.windowError, tolerance));
  const sdError = run.windowError ?? run.sdChange ?? null;
  const failed = checks.some(({ passed, slight }) => !passed && !slight);
  const anyFailed = checks.some(({ passed }) => !passed);
  return {
    verdict: failed ? "failed" : anyFailed || notes.length > 0 || run.notes.length > 0 ? "warning" : "ok",
    klToLaplace: { predicted: null, measured: null },
    maxSdError: { predicted: sdError !== null && Number.isFinite(sdError) ? sdError : null, measured: null },
    monteCarlo: monteCarloErrors(coefficients, sdError),
    informationRatio: null,
    meanSquareStable: true,
    largestStableScale: 2 / (learningRate! * local.eigenvalues.largest),
    assumptions: [],
    checks,
    notes: [
      "There are too many coefficients for the distances to the normal approximation, which need matrices of all pairs.",
      ...run.notes,
      ...notes,
    ],
  };
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

function cureOf(coefficients: readonly Convergence[]): string {
  const few = coefficients.filter(({ essBulk }) => essBulk < 400).length;
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
