/** Input that cannot be used. The message says in a sentence what is wrong, where, and what to do about it. */
export class InputError extends Error {
  override readonly name = "InputError";
}
