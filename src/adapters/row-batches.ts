import { InputError } from "../errors.ts";
import { requireArray, requireNumbers, requireObject } from "../kinds.ts";

/** Data with rows along the first axis: one image per row has shape [N, 28, 28], one number per row [N]. */
interface RowArray {
  readonly values: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** Named arrays with the same number of rows. */
export type RowArrays = Readonly<Record<string, RowArray>>;

/** One array's rows, copied side by side. */
export interface GatheredRows {
  readonly name: string;
  /** In single precision, or 32-bit integers where the data are Int32Array. */
  readonly values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/**
 * N, the number of rows of all arrays.
 * @throws InputError if an array's length does not match its shape, or the numbers of rows differ
 */
export function countRows(arrays: RowArrays): number {
  requireObject(arrays, "The data", "{ name: { values, shape } } with an array for each name");
  const entries = Object.entries(arrays);
  if (entries.length === 0)
    throw new InputError("The data are empty: give at least one array with a row for each observation.");
  for (const [name, array] of entries) {
    requireObject(array, `The data "${name}"`, "{ values, shape }");
    requireArray(array.values, `The values of the data "${name}"`, "a Float32Array, Int32Array or Uint8Array");
    requireNumbers(array.shape, `The shape of the data "${name}"`, "an array of lengths, the rows first");
  }
  const [[first, { shape: firstShape }]] = entries;
  for (const [name, { values, shape }] of entries) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (shape.length === 0 || values.length !== size)
      throw new InputError(
        `The data "${name}" have ${values.length} values, and their shape [${shape.join(", ")}] has room for ${size}.`,
      );
    if (shape[0] !== firstShape[0])
      throw new InputError(`The data differ in rows: "${first}" has ${firstShape[0]} and "${name}" has ${shape[0]}.`);
  }
  return firstShape[0];
}

/** The given rows of every array, in the given order. */
export function gatherRows(arrays: RowArrays, rows: Uint32Array): GatheredRows[] {
  return Object.entries(arrays).map(([name, { values, shape }]) => {
    const width = values.length / shape[0];
    const length = rows.length * width;
    const gathered = values instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
    rows.forEach((row, k) => {
      gathered.set(values.subarray(row * width, (row + 1) * width), k * width);
    });
    return { name, values: gathered, shape: [rows.length, ...shape.slice(1)] };
  });
}
