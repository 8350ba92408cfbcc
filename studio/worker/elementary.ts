import expm1 from "@stdlib/math-base-special-expm1";
import log from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import { cos, cosh, exp, sin, tanh } from "./fdlibm.ts";

/**
 * Gives this worker the elementary functions that Node has, those of fdlibm. Browsers round the last bit of some values in another way,
 * and then draws differ in their last digits, or in more of them.
 */
export function useElementaryFunctionsOfNode(): void {
  Object.assign(Math, { cos, cosh, exp, expm1, log, log1p, sin, tanh });
}
