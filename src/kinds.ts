import { InputError } from "./errors.ts";

/** What a value is, for a sentence that refuses it: "missing", "null", "the number 3", "an array". */
export function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "string") return `the text ${JSON.stringify(shortened(value))}`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${String(value)}`;
}

const maxShown = 60;
const shortened = (text: string) => (text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);

/** @throws InputError as `what is …: give wanted.` */
export function refuse(value: unknown, what: string, wanted: string): never {
  throw new InputError(`${what} is ${kindOf(value)}: give ${wanted}.`);
}

/** An object that is not an array. @throws InputError as `refuse` */
export function requireObject(value: unknown, what: string, wanted: string): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    refuse(value, what, wanted);
}

/** An array, typed array or array-like object, but not a text. @throws InputError as `refuse` */
export function requireArray(value: unknown, what: string, wanted: string): asserts value is ArrayLike<unknown> {
  if (!isArrayLike(value)) refuse(value, what, wanted);
}

/** An array or array-like object of numbers (NaN is allowed). @throws InputError as `refuse`, and naming the entry */
export function requireNumbers(value: unknown, what: string, wanted: string): asserts value is ArrayLike<number> {
  requireArray(value, what, wanted);
  if (ArrayBuffer.isView(value)) return;
  for (let i = 0; i < value.length; i++)
    if (typeof value[i] !== "number") refuse(value[i], `Entry ${i + 1} of ${lowerFirst(what)}`, "a number");
}

/** @throws InputError as `refuse` */
export function requireText(value: unknown, what: string, wanted: string): asserts value is string {
  if (typeof value !== "string") refuse(value, what, wanted);
}

/** @throws InputError as `refuse` */
export function requireFunction(value: unknown, what: string, wanted: string): void {
  if (typeof value !== "function") refuse(value, what, wanted);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  if (typeof value !== "object" || value === null || value instanceof DataView) return false;
  const { length } = value as { length?: unknown };
  return typeof length === "number" && Number.isInteger(length) && length >= 0;
}

const lowerFirst = (text: string) => text.replace(/^The\b/, "the");

/** A value as it appears in a sentence: its JSON, if that represents it completely. */
export function shown(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  try {
    const text = JSON.stringify(value) ?? kindOf(value);
    // A column that was given in place of its name would make a sentence of a million numbers.
    return text.length > 2 * maxShown ? kindOf(value) : text;
  } catch {
    return kindOf(value);
  }
}

/**
 * The signal that may stop a run, and the listener that is told how far it is. @throws InputError if they are something
 * else
 */
export function requireListening({ signal, onProgress }: { signal?: unknown; onProgress?: unknown }): void {
  if (signal !== undefined && typeof (signal as AbortSignal | null)?.throwIfAborted !== "function")
    refuse(signal, "The option signal", "the signal of an AbortController");
  if (onProgress !== undefined) requireFunction(onProgress, "The option onProgress", "a function");
}

/** An array of texts. @throws InputError as `refuse`, and naming the entry */
export function requireTexts(value: unknown, what: string, wanted: string): void {
  requireArray(value, what, wanted);
  for (let i = 0; i < value.length; i++) requireText(value[i], `Entry ${i + 1} of ${lowerFirst(what)}`, "a text");
}
