import type { RunCheck } from "../../diagnostics/certificate/certificate.ts";
import { congruence, diagonal, diagonalMatrix, type Matrix, multiplyVector } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import type { DenseRun } from "../../sampling/run.ts";
import { changeByThirds, contractVector } from "../../theory/third-order.ts";
import { percent, twoDigits } from "../../wording.ts";
import type { Coefficient } from "../summary/coefficients.ts";
import { inCarried } from "./expand-carried.ts";
import type { Updatable } from "./updatable.ts";
import type { Carried, LawError } from "./update-types.ts";

/** What is promised of means, in sds, and of sds; up to so many times as much is a warning. */
const promised: LawError = { mean: 0.1, sd: 0.05 };
const slightBelow = 3;

/** Updates that were compared with fits of all rows stay below so many times the estimate (test/slow/update.test.ts). */
const safety = 2;

/** What an update has wrong, as far as the third derivatives tell; `unknown` where these were not kept, or do not settle. */
export interface UpdateError {
  readonly own: LawError;
  readonly total: LawError;
  readonly isKnown: boolean;
}

/**
 * The rows before are expanded to third order about where the posterior is now. What that adds to the normal law of the fit, ½ W T[…] and
 * W T[m] W (theory/third-order.ts), is known; the terms that are left out are to it as it is to the normal law, so that the error is
 * about ρ times as large, ρ the largest relative change of a curvature. Of the fourth order the kurtosis of the draws along the axes is
 * known too: it moves a mean by W κ (m³ + 3 m (W − 1))/6 and a variance by ½ W κ (m² + W − 1) W.
 */
export function updateError(carried: Carried, { output }: DenseRun, isSettled: boolean): UpdateError {
  const { thirds, factor, kurtosis } = carried;
  if (!thirds) return { own: { mean: 0, sd: 0 }, total: carried.error, isKnown: false };
  const law = inCarried(carried, output.mean, output.covariance);
  const change = changeByThirds(thirds, law);
  const variances = diagonal(output.covariance);
  const largest = (values: Float64Array) => Math.max(...values.map(Math.abs));
  const curvatures = symmetricEigen(contractVector(thirds, law.mean)).values;
  const share = safety * largest(Float64Array.from(curvatures));
  const fourth = changeByKurtosis(kurtosis ?? new Float64Array(variances.length), law);
  const ofMean = (moves: Float64Array) =>
    largest(multiplyVector(factor, moves).map((value, j) => value / Math.sqrt(variances[j])));
  const ofSd = (covariance: Matrix) =>
    largest(diagonal(congruence(factor, covariance)).map((value, j) => value / (2 * variances[j])));
  const own = {
    mean: share * ofMean(change.mean) + ofMean(fourth.mean),
    sd: share * ofSd(change.covariance) + ofSd(fourth.covariance),
  };
  const total = { mean: carried.error.mean + own.mean, sd: carried.error.sd + own.sd };
  return { own, total, isKnown: isSettled };
}

function changeByKurtosis(kurtosis: Float64Array, law: ReturnType<typeof inCarried>) {
  const spread = diagonal(law.covariance);
  const mean = law.mean.map((m, j) => (spread[j] * kurtosis[j] * (m ** 3 + 3 * m * (spread[j] - 1))) / 6);
  const variances = law.mean.map((m, j) => (spread[j] ** 2 * kurtosis[j] * (m ** 2 + spread[j] - 1)) / 2);
  return { mean, covariance: diagonalMatrix(variances) };
}

/** The certificate's check of what the rows before stand for. */
export function checkUpdate(fit: Updatable, error: UpdateError): RunCheck {
  const { chance, parts, center } = fit.carried;
  const mean = error.total.mean + chance.mean;
  const sd = error.total.sd + chance.sd;
  const before = `${parts.reduce((sum, { rows }) => sum + rows, 0).toLocaleString("en")} rows before`;
  const again = "fit all rows together";
  if (fit.certificate.verdict === "failed")
    return {
      id: "update",
      passed: false,
      message: `The certificate of the fit that was updated failed, and what is wrong with it is in this one too; ${again}.`,
    };
  if (!fit.carried.thirds)
    return {
      id: "update",
      passed: false,
      slight: true,
      message: `The ${before} are held as a normal law, and how far from one they are is not kept of ${center.length} parameters: where the coefficients stay about where they were that is right, and where they move nobody knows; ${again} where that matters.`,
    };
  const wrong = `means are wrong by up to ${twoDigits(mean)} sd and sds by up to ${percent(sd)}, chance in the draws before included`;
  const law = `The ${before} are held as a normal law with its third derivatives`;
  const passed = error.isKnown && mean <= promised.mean && sd <= promised.sd;
  if (passed)
    return {
      id: "update",
      passed,
      message: `${law}, by which ${wrong}.`,
    };
  const slight = error.isKnown && mean <= slightBelow * promised.mean && sd <= slightBelow * promised.sd;
  const why = error.isKnown
    ? `by which ${wrong}`
    : "which says nothing of where the posterior is now, too far from where it was";
  return {
    id: "update",
    passed,
    slight,
    message: `${law}, ${why}; ${again}.`,
  };
}

/** Eigenvalues of what new rows tell below this share of what was known are left out. */
const leastTold = 1e-3;
/** So many sds of chance are no chance. */
const farBeyondChance = 3;

/** Whether the new rows say of the coefficients what those before did: χ² = uᵀ (I − W)⁻¹ u, over what they tell. */
export function checkShift(
  fit: Updatable,
  { local, output }: DenseRun,
  coefficients: readonly Coefficient[],
): RunCheck {
  const law = inCarried(fit.carried, output.mean, local.laplaceCovariance);
  const { values, vectors } = symmetricEigen(law.covariance);
  const size = law.mean.length;
  let [squares, freedom] = [0, 0];
  for (let k = 0; k < size; k++) {
    if (!(1 - values[k] > leastTold)) continue;
    let along = 0;
    for (let j = 0; j < size; j++) along += vectors.data[j * size + k] * law.mean[j];
    squares += along ** 2 / (1 - values[k]);
    freedom++;
  }
  const moves = fit.coefficients.map(({ mean, sd }, j) => Math.abs(coefficients[j].mean - mean) / sd);
  const most = moves.indexOf(Math.max(...moves));
  const moved = `The new rows move ${coefficients[most].name} most, by ${twoDigits(moves[most])} of its sds before`;
  const chi = freedom === 0 ? "" : ` (χ² = ${twoDigits(squares)} of ${freedom})`;
  // Wilson & Hilferty (1931): the cube root of χ²/k is nearly normal.
  const spread = 2 / (9 * freedom);
  const beyond = freedom === 0 ? 0 : (Math.cbrt(squares / freedom) - (1 - spread)) / Math.sqrt(spread);
  if (beyond <= farBeyondChance)
    return { id: "shift", passed: true, message: `${moved}${chi}, within what chance makes.` };
  return {
    id: "shift",
    passed: false,
    slight: true,
    message: `${moved}${chi}, more than chance makes: they do not follow the coefficients of the rows before, and the result is an average over both; a column that tells the two apart would show what changed.`,
  };
}
