import { InputError } from "../../errors.ts";
import {
  refuse,
  requireArray,
  requireListening,
  requireNumbers,
  requireObject,
  requireText,
  requireTexts,
} from "../../kinds.ts";

/** What a caller without types may give in place of arguments, refused in sentences before anything is done. */

const forms = "{ data, formula }, { x, y }, or { sparse, y }";

/** @throws InputError where the input has none of its forms, or lacks a part */
export function requireInput(input: unknown): void {
  requireObject(input, "The input", `${forms} as the first argument`);
  const given = input as Record<string, unknown>;
  if ("formula" in input || "data" in input) {
    if (typeof given.path === "string" || typeof given.sql === "string")
      throw new InputError("Files and queries are read by fit of ornstein/node; here give { data, formula }.");
    requireText(given.formula, "The formula", 'a text such as "y ~ x"');
    return;
  }
  if (!("x" in input || "sparse" in input)) throw new InputError(`The input has neither data nor x: give ${forms}.`);
  if ("sparse" in input) {
    requireObject(given.sparse, "sparse", "{ indptr, indices, values, columns }");
    const { indptr, indices, values, columns } = given.sparse as Record<string, unknown>;
    for (const [name, array] of Object.entries({ indptr, indices, values }))
      requireNumbers(array, `sparse.${name}`, "an array of numbers");
    if (given.trials !== undefined)
      throw new InputError("Sparse arrays take no trials; give { x, y, trials }, or a table and y | trials(n) ~ ….");
    if (typeof columns !== "number") refuse(columns, "sparse.columns", "the number of columns");
  } else {
    requireArray(given.x, "x", "rows of numbers, or all numbers row by row in a Float64Array");
    // Of typed arrays the entries are numbers, of others rows.
    if (!ArrayBuffer.isView(given.x))
      Array.from(given.x).forEach((row, n) => {
        requireNumbers(row, `Row ${n + 1} of x`, "an array of numbers");
      });
  }
  requireArray(given.y, "y", "an array with a value for each row");
  const { names, offset, weights, trials } = given;
  if (names !== undefined) requireTexts(names, "names", "an array with a name for each column, or leave it out");
  for (const [name, values] of Object.entries({ offset, weights, trials }))
    if (values !== undefined) requireNumbers(values, name, "an array with a number for each row, or leave it out");
}

/**
 * The options of a run as an object, with a signal and a listener that are such.
 * @throws InputError where they are not
 */
export function requireOptions(options: unknown): void {
  requireObject(options, "The second argument", "an object of options, or leave it out");
  requireListening(options);
}
