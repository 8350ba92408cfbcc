/** A normal prior on one coefficient, on the standardised scale. */
export interface NormalPrior {
  readonly mean: number;
  readonly sd: number;
}

/** `normal(0, 2.5)`: the default prior of every coefficient. */
export const defaultPrior: NormalPrior = { mean: 0, sd: 2.5 };

/** `normal(0, 10)`: the default prior of the intercept of the centred design. */
export const defaultInterceptPrior: NormalPrior = { mean: 0, sd: 10 };

/** Rate of the default exponential prior on a learned noise scale. */
export const defaultSigmaRate = 1;

/**
 * Reads `normal(mean, sd)`; the sd must be positive and finite.
 * @throws RangeError with a sentence that names the option
 */
export function parsePrior(text: string, option: string): NormalPrior {
  const match = /^\s*normal\(\s*([^,\s]+)\s*,\s*([^,\s]+)\s*\)\s*$/i.exec(text);
  const mean = Number(match?.[1] ?? Number.NaN);
  const sd = Number(match?.[2] ?? Number.NaN);
  if (!Number.isFinite(mean) || !Number.isFinite(sd) || sd <= 0) {
    throw new RangeError(
      `${option} "${text}" is not a prior: write normal(mean, sd) with sd above 0, such as normal(0, 2.5).`,
    );
  }
  return { mean, sd };
}
