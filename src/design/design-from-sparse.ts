import { beginSparseRow, endSparseRow } from "../engine/bindings/sparse-row.ts";
import { InputError } from "../errors.ts";
import { requireComputable } from "../table/computable.ts";
import { scalingOf } from "../table/moments.ts";
import type { ColumnData } from "../table/table.ts";
import { formatCount } from "../table/table-source.ts";
import { intercept } from "./columns/design-columns.ts";
import { columnNames, designFromArrays, formulaOfColumns, freeName } from "./design-from-arrays.ts";
import type { Design, DesignColumn, DesignOptions } from "./design-types.ts";
import { allocateSparse } from "./row-storage.ts";
import { paddedFloats } from "./size-limit.ts";
import { centredFraction, planOf } from "./sparse-design.ts";

/** Rows as scipy's `csr_matrix` has them. */
interface CompressedRows {
  /** N + 1: row n has the entries from indptr[n] to indptr[n + 1] − 1. */
  readonly indptr: ArrayLike<number>;
  /** The column of each entry, ascending within a row. */
  readonly indices: ArrayLike<number>;
  /** The value of each entry. */
  readonly values: ArrayLike<number>;
  /** D */
  readonly columns: number;
}

export interface SparseArrays {
  readonly sparse: CompressedRows;
  /** N numbers, booleans or texts. */
  readonly y: ColumnData;
  /** D names; x1, x2, … where they are left out. */
  readonly names?: readonly string[];
  /** Default true. */
  readonly intercept?: boolean;
  /** N numbers, added to the linear predictors as they are. */
  readonly offset?: ArrayLike<number>;
  /** N numbers above 0: how often each row counts. */
  readonly weights?: ArrayLike<number>;
}

/**
 * A sparse design of rows that are sparse already, treated as designFromArrays treats rows of all their numbers.
 *
 * @throws InputError where the arrays do not fit each other, or a number is missing or infinite.
 */
export async function designFromSparse(
  arrays: SparseArrays,
  options: Omit<DesignOptions, "weights" | "storage"> = {},
): Promise<Design> {
  const { sparse, y, offset, intercept: hasIntercept = true } = arrays;
  const numRows = y.length;
  checkEntries(sparse, numRows);
  const names = columnNames(arrays.names, sparse.columns, "y");
  const bare = await withoutColumns(arrays, names, options);
  if (bare.numRows < numRows)
    throw new InputError("y, offset or weights miss a value, or a weight is 0; leave such rows out of all arrays.");
  const isStandardised = (options.standardize ?? "auto") !== "none";
  const found = findColumns(sparse, names, numRows, { hasIntercept, isStandardised });
  const columns = hasIntercept ? [...found.columns, intercept] : found.columns;
  if (columns.length === 0)
    throw new InputError("All columns are constant, and there is no intercept: nothing is left to estimate.");
  const counts = Float64Array.from(columns, (_, j) => found.counts[j] ?? 0);
  const isCentred = Uint8Array.from(columns, ({ isIndicator, isIntercept }, j) => {
    if (isIntercept || isIndicator || counts[j] <= centredFraction * numRows) return 0;
    counts[j] = numRows;
    return 1;
  });
  const plan = planOf(columns, counts, isCentred, numRows);
  const { rows, stride } = allocateSparse(plan, numRows, options.memory);
  writeRows(rows, plan, { sparse, bare, columns, isCentred, columnOf: found.columnOf });
  const offsetName = offset && freeName("offset", Object.fromEntries(["y", ...names].map((name) => [name, 0])));
  const kept = columns.filter(({ isIntercept }) => !isIntercept).map(({ name }) => name);
  const { text } = formulaOfColumns("y", kept, { intercept: hasIntercept, offsetName });
  return {
    ...bare,
    rows,
    sparse: { startsAt: plan.startsAt, nonZeros: plan.nonZeros },
    stride,
    paddedColumns: paddedFloats(columns.length + 1),
    columns,
    hasIntercept,
    formula: text,
    recipe: {
      ...bare.recipe,
      formula: text,
      terms: text,
      hasIntercept,
      columns: columns.map(({ name, term }) => ({ name, term })),
      blocks: kept.map((term, column) => ({ term, coding: [], columns: [{ levels: [], column }] })),
      inputs: [
        ...kept.map((name) => ({ name, type: "number" as const })),
        ...bare.recipe.inputs.slice(hasIntercept ? 0 : 1),
      ],
    },
    standardized: isStandardised,
    leftOut: found.leftOut,
    warnings: found.leftOut.length > 0 ? [...bare.warnings, leftOutWarning(found.leftOut)] : bare.warnings,
  };
}

/**
 * Target, offset and weights, read as those of a design without columns. Where there is no intercept either, a column of
 * ones stands in for it, which a design has to have and which is not centred.
 */
function withoutColumns(
  { y, offset, weights, intercept: hasIntercept = true }: SparseArrays,
  names: readonly string[],
  options: Omit<DesignOptions, "weights" | "storage">,
): Promise<Design> {
  const one = freeName("one", Object.fromEntries(names.map((name) => [name, 0])));
  const columns = hasIntercept
    ? { x: new Float64Array(0), names: [] }
    : { x: new Float64Array(y.length).fill(1), names: [one] };
  return designFromArrays(
    { ...columns, y, offset, weights, intercept: hasIntercept },
    { ...options, memory: undefined },
  );
}

function checkEntries({ indptr, indices, values, columns }: CompressedRows, numRows: number): void {
  if (numRows === 0) throw new InputError("y is empty; give a row and a value of y at least.");
  if (indptr.length !== numRows + 1)
    throw new InputError(
      `indptr has ${formatCount(indptr.length)} numbers, and ${formatCount(numRows)} rows need one more than there are rows.`,
    );
  if (indptr[0] !== 0 || indptr[numRows] !== indices.length || values.length !== indices.length)
    throw new InputError(
      `indptr goes from ${indptr[0]} to ${indptr[numRows]}, with ${formatCount(indices.length)} indices and ${formatCount(values.length)} values; it goes from 0 to their number.`,
    );
  for (let n = 0; n < numRows; n++) {
    if (!(indptr[n] <= indptr[n + 1])) throw new InputError(`indptr falls after row ${n + 1}; it ascends.`);
    for (let at = indptr[n]; at < indptr[n + 1]; at++) {
      const column = indices[at];
      const isAscending = at === indptr[n] || column > indices[at - 1];
      if (!(Number.isInteger(column) && column >= 0 && column < columns && isAscending))
        throw new InputError(
          `Row ${n + 1} has an entry of column ${column}: columns are whole numbers from 0 to ${columns - 1}, ascending within a row (scipy: sum_duplicates()).`,
        );
      if (!Number.isFinite(values[at]))
        throw new InputError(
          `Row ${n + 1} has ${values[at]} in column ${column}; leave such rows out, or give a number.`,
        );
    }
  }
}

function leftOutWarning(names: readonly string[]): string {
  const shown = names.length > 10 ? [...names.slice(0, 10), "…"] : names;
  return `Left out, with the same value in every row: ${shown.join(", ")}.`;
}

/** The columns that are not constant, their entries, and their places in the design, −1 for the others. */
function findColumns(
  { indices, values, columns: size }: CompressedRows,
  names: readonly string[],
  numRows: number,
  { hasIntercept, isStandardised }: { hasIntercept: boolean; isStandardised: boolean },
) {
  const counts = new Float64Array(size);
  const means = new Float64Array(size);
  const squares = new Float64Array(size);
  const isIndicator = new Uint8Array(size).fill(1);
  for (let at = 0; at < indices.length; at++) {
    if (values[at] !== 0) counts[indices[at]]++;
    if (values[at] !== 1) isIndicator[indices[at]] = 0;
    means[indices[at]] += values[at] / numRows;
  }
  const present = new Float64Array(size);
  for (let at = 0; at < indices.length; at++) {
    present[indices[at]]++;
    squares[indices[at]] += (values[at] - means[indices[at]]) ** 2;
  }
  const columns: DesignColumn[] = [];
  const kept: number[] = [];
  const leftOut: string[] = [];
  const columnOf = new Int32Array(size).fill(-1);
  for (let j = 0; j < size; j++) {
    const sd = Math.sqrt((squares[j] + (numRows - present[j]) * means[j] ** 2) / numRows);
    const moments = { count: numRows, mean: means[j], squares: sd * sd * numRows };
    const hasValues = counts[j] > 0;
    requireComputable({ what: `The column ${names[j]}`, moments, hasValues, isScaled: isStandardised });
    // Sums over all entries round more than those of equal values chunk by chunk.
    const isConstant = sd <= 1e-12 * Math.abs(means[j]);
    if (isConstant && (hasIntercept || means[j] === 0)) {
      leftOut.push(names[j]);
      continue;
    }
    columnOf[j] = columns.length;
    kept.push(counts[j]);
    const { mean, scale } = isStandardised ? scalingOf(means[j], sd, hasIntercept) : { mean: 0, scale: 1 };
    columns.push({
      name: names[j],
      term: names[j],
      mean,
      scale,
      isIntercept: false,
      isIndicator: isIndicator[j] === 1,
    });
  }
  return { columns, counts: kept, columnOf, leftOut };
}

function writeRows(
  floats: Float32Array,
  plan: ReturnType<typeof planOf>,
  {
    sparse: { indptr, indices, values },
    bare,
    columns,
    isCentred,
    columnOf,
  }: {
    sparse: CompressedRows;
    bare: Design;
    columns: readonly DesignColumn[];
    isCentred: Uint8Array;
    columnOf: Int32Array;
  },
): void {
  const { buffer, byteOffset, length } = floats;
  const words = new Uint32Array(buffer, byteOffset, length);
  const starts = new Uint32Array(buffer, byteOffset + plan.startsAt, bare.numRows);
  new Float64Array(buffer, byteOffset, columns.length).set(plan.shift);
  const centred = [...isCentred.keys()].filter((column) => isCentred[column] === 1);
  const dense = new Float64Array(columns.length);
  let at = plan.recordsAt / 4;
  for (let n = 0; n < bare.numRows; n++) {
    const head = at;
    const end = (n + 1) * bare.stride;
    starts[n] = byteOffset + 4 * head;
    at = beginSparseRow(floats, head, {
      target: bare.rows[end - 1],
      offset: bare.hasOffset ? bare.rows[end - 2] : 0,
      weight: bare.hasWeights ? bare.rows[end - 3] : 1,
    });
    const put = (column: number, value: number) => {
      words[at] = column;
      floats[at + 1] = value;
      at += 2;
    };
    for (const column of centred) dense[column] = -columns[column].mean / columns[column].scale;
    for (let entry = indptr[n]; entry < indptr[n + 1]; entry++) {
      const column = columnOf[indices[entry]];
      if (column >= 0 && isCentred[column]) dense[column] += values[entry] / columns[column].scale;
    }
    // Both lists ascend.
    let next = 0;
    for (let entry = indptr[n]; entry < indptr[n + 1]; entry++) {
      const column = columnOf[indices[entry]];
      if (column < 0 || isCentred[column] || values[entry] === 0) continue;
      for (; next < centred.length && centred[next] < column; next++) put(centred[next], dense[centred[next]]);
      put(column, values[entry] / columns[column].scale);
    }
    for (; next < centred.length; next++) put(centred[next], dense[centred[next]]);
    endSparseRow(words, head, at);
  }
}
