import { InputError } from "../errors.ts";

/**
 * Sums over rows that are no finite numbers say nothing of where a mode is, least of all that there is none.
 * @throws InputError in a sentence of their own
 */
export function requireFinite(...sums: readonly (number | ArrayLike<number>)[]): void {
  for (const sum of sums) {
    const values = typeof sum === "number" ? [sum] : sum;
    for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) throw overflow();
  }
}

function overflow(): InputError {
  return new InputError(
    "The sums over the rows overflow: the target, an offset, the weights, the priors or a number for --sigma, --nu or --dispersion are so far from 1, or from each other, that the loss is beyond all numbers; put them on scales nearer to 1.",
  );
}
