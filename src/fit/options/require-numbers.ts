import { InputError } from "../../errors.ts";
import type { Coefficient } from "../summary/coefficients.ts";

/**
 * The last guard before anything is shown: means, sds and intervals are numbers.
 * @throws InputError that names the first coefficient where one is not
 */
export function requireNumbers(coefficients: readonly Coefficient[]): void {
  for (const coefficient of coefficients) {
    const { name, mean, sd, "hdi_3%": low, "hdi_97%": high, standardized } = coefficient;
    if ([mean, sd, low, high, ...Object.values(standardized)].every(Number.isFinite)) continue;
    throw new InputError(
      `The draws of ${name} have no finite mean or sd: nothing bounds it on the scale of the data, or its values are too large for the arithmetic; use a tighter --prior, or put the target and the columns on scales nearer to 1.`,
    );
  }
}
