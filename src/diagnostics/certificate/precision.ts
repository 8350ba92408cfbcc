import type { ChainOutput, Plan } from "../../sampling/plan.ts";
import { percent } from "./wording.ts";

/** One coefficient's Monte Carlo standard errors as shares of its posterior sd; left out where nothing is known of them. */
export interface Precision {
  readonly name: string;
  /** Of the sd. */
  readonly sdError?: number;
  /** Of the ends of its interval, the larger one. */
  readonly endError?: number;
}

/** What Monte Carlo error comes to. */
export interface MonteCarloErrors {
  /** Largest Monte Carlo standard error of a posterior sd, relative. */
  readonly sdError: number | null;
  /** The settings' error of a posterior sd and two of those standard errors: what the tolerance is about. */
  readonly totalSdError: number | null;
  /** Largest Monte Carlo standard error of an interval's end, in posterior sds. */
  readonly intervalEndError: number | null;
}

/** How many standard errors count as the error: 95 of 100 are smaller. */
const standardErrors = 2;
/** How far from its place an interval's end may be, in posterior sds. */
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

/** Positions that were kept for each draw: what intervals are made of. */
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
  // Where the settings leave hardly any room, no number of draws that anyone would wait for fills it.
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

/** The sentence on the ends of the intervals, and whether they are where they should be. */
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

/** How many times the steps of a draw are those that it takes to forget the last one: where draws are more, no more are made. */
function stepsToSpare({ settings, prediction }: Run): number {
  return (
    settings.stepsPerDraw / Math.min(settings.stepsPerDraw, Math.max(1, Math.ceil(prediction.autocorrelationTime)))
  );
}

/** The errors are estimates, too. */
const margin = 1.1;

/**
 * Draws a chain whose Monte Carlo error is smaller by a factor, rounded up to two digits.
 * @param spare what stands behind a draw now, and may not where draws are more
 */
function drawsFor({ settings }: Run, spare: number, factor: number): string {
  const needed = margin * settings.draws * spare * factor ** 2;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(needed)) - 1);
  return String(unit * Math.ceil(needed / unit));
}
