import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import log from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/**
 * Gives this worker the exponential functions and logarithms of FreeBSD's library, which Node has too. Browsers round the last bit of
 * some values in another way, and a different last bit of one number makes other draws.
 */
export function useElementaryFunctionsOfNode(): void {
  Object.assign(Math, { exp, expm1, log, log1p });
}
