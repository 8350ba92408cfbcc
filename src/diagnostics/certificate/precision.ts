import type { ChainOutput, Plan } from "../../sampling/plan.ts";
import { percent } from "./wording.ts";

/** One coefficient's Monte Carlo standard errors relative to its posterior sd; absent if unknown. */
export interface Precision {
  readonly name: string;
  /** Of the sd. */
  readonly sdError?: number;
  /** Of the ends of its interval, the larger one. */
  readonly endError?: number;
}

/** The Monte Carlo errors of a fit. */
export interface MonteCarloErrors {
  /** Largest Monte Carlo standard error of a posterior sd, relative. */
  readonly sdError: number | null;
  /**
   * The error that the settings make in a posterior sd plus two of those standard errors: the quantity that the
   * tolerance bounds.
   */
  readonly totalSdError: number | null;
  /** Largest Monte Carlo standard error of an interval's end, in posterior sds. */
  readonly intervalEndError: number | null;
}

/** How many standard errors count as the error: 95 of 100 are smaller. */
const standardErrors = 2;
/** How large the error of an interval end may be, in posterior sds. */
const maxEndError = 0.1;

type Known<Name extends "sdError" | "endError"> = Precision & Required<Pick<Precision, Name>>;

function worstOf<Name extends "sdError" | "endError">(
  coefficients: readonly Precision[],
  name: Name,
): Known<Name> | undefined {
  const known = coefficients.filter((c): c is Known<Name> => c[name] !== undefined);
  return known.length === 0 ? undefined : known.reduce((worst, c) => (c[name]! > worst[name]! ? c : worst));
}

export function monteCarloErrors(coefficients: readonly Precision[], settingsError: number | null): MonteCarloErrors {
  const sdError = worstOf(coefficients, "sdError")?.sdError ?? null;
  const total = sdError === null || settingsError === null ? null : settingsError + standardErrors * sdError;
  return {
    sdError,
    totalSdError: total,
    intervalEndError: worstOf(coefficients, "endError")?.endError ?? null,
  };
}

type Run = Pick<Plan, "settings" | "prediction">;

/** Positions that were kept for each draw, from which intervals are computed. */
function positionsPerDraw({ steps, trace, positions }: ChainOutput): number {
  return (steps ?? trace ?? positions)[0].length / positions[0].length;
}

/**
 * The sentence on the total error of an sd, and whether it is within what is allowed.
 * @param allowed no less than the settings' error
 */
export function totalErrorOfSds(
  run: Run,
  coefficients: readonly Precision[],
  allowed: number,
  sds: string,
): { passed: boolean; message: string } | null {
  const worst = worstOf(coefficients, "sdError");
  if (!worst) return null;
  const { maxSdError } = run.prediction;
  const byChance = standardErrors * worst.sdError;
  const total = maxSdError + byChance;
  const parts = `${percent(maxSdError)} by the settings and ${percent(byChance)} by Monte Carlo (two standard errors, of ${worst.name})`;
  if (total <= allowed) return { passed: true, message: `In all ${sds} are known to ${percent(total)}: ${parts}.` };
  // If the settings use up nearly all of the tolerance, no reasonable number of draws brings the total within it.
  const room = allowed - maxSdError;
  const remedy =
    room > allowed / 10
      ? `run more --draws ${drawsFor(run, stepsToSpare(run), byChance / room)}`
      : `raise --tolerance to ${Number((1.1 * total).toPrecision(2))}, or run more --draws`;
  return {
    passed: false,
    message: `${sds[0].toUpperCase()}${sds.slice(1)} are known to ${percent(total)} only, ${parts}, and the tolerance is ${percent(allowed)}: ${remedy}.`,
  };
}

/** The sentence on the ends of the intervals, and whether their errors are small enough. */
export function errorOfEnds(
  run: Run,
  output: ChainOutput,
  coefficients: readonly Precision[],
): { passed: boolean; message: string } | null {
  const worst = worstOf(coefficients, "endError");
  if (!worst) return null;
  const error = standardErrors * worst.endError;
  if (error <= maxEndError)
    return { passed: true, message: `The ends of the intervals are known to ${short(error)} sd.` };
  return {
    passed: false,
    message: `The ends of the interval of ${worst.name} are known to ${short(error)} sd only, and ${maxEndError} is wanted; run more --draws ${drawsFor(run, positionsPerDraw(output), error / maxEndError)}.`,
  };
}

const short = (value: number) => value.toPrecision(2);

/** How many autocorrelation times apart the draws are: with more draws, no more steps are made. */
function stepsToSpare({ settings, prediction }: Run): number {
  return (
    settings.stepsPerDraw / Math.min(settings.stepsPerDraw, Math.max(1, Math.ceil(prediction.autocorrelationTime)))
  );
}

/** The errors are themselves estimates. */
const margin = 1.1;

/**
 * Draws per chain that reduce the Monte Carlo error by a factor, rounded up to two digits.
 * @param spare positions behind each draw now, which may be fewer if there are more draws
 */
function drawsFor({ settings }: Run, spare: number, factor: number): string {
  const needed = margin * settings.draws * spare * factor ** 2;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(needed)) - 1);
  return String(unit * Math.ceil(needed / unit));
}
