/**
 * Input that cannot be used. The message says in a sentence what is wrong, where, and what to do about it.
 * @example
 * import { fit, InputError } from "ornstein";
 *
 * const error = await fit({ data: { y: [1, 2, 4] }, formula: "y ~ x" }).catch((reason) => reason);
 * console.log(error instanceof InputError); // true
 * console.log(error.message.split("\n")[0]); // Formula error at column 5: the data has no column "x"; did you mean y?
 */
export class InputError extends Error {
  override readonly name = "InputError";
}
