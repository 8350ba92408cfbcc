import { InputError } from "../errors.ts";
import { columnFactor } from "../formula/expand-terms.ts";
import type { Expression, Formula, TermTree } from "../formula/formula.ts";
import { formulaText, quoteName } from "../formula/formula-text.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import { formatCount } from "../table/table-source.ts";
import { buildDesign } from "./build-design.ts";
import type { Design, DesignOptions } from "./design-types.ts";

interface DesignArrays {
  /** N × D numbers, row-major, or N arrays of D numbers. NaN is missing. */
  readonly x: Float64Array | Float32Array | readonly ArrayLike<number>[];
  /** N numbers, booleans or texts. */
  readonly y: ColumnData;
  /** D names; x1, x2, … where they are left out. */
  readonly names?: readonly string[];
  /** "y" where it is left out. */
  readonly targetName?: string;
  /** Default true. */
  readonly intercept?: boolean;
  /** N numbers that are added to the linear predictors as they are. NaN is missing. */
  readonly offset?: ArrayLike<number>;
  /** N numbers, 0 or more: how often each row counts. NaN is missing. */
  readonly weights?: ArrayLike<number>;
  /** N whole numbers: y of so many trials succeeded, for the binomial family. NaN is missing. */
  readonly trials?: ArrayLike<number>;
}

/**
 * A design of numbers that are features already, treated as buildDesign treats a table's.
 *
 * @throws InputError where the shapes do not fit, and as buildDesign.
 */
export async function designFromArrays(
  arrays: DesignArrays,
  options: Omit<DesignOptions, "weights"> = {},
): Promise<Design> {
  const { y, targetName = "y", intercept = true } = arrays;
  const features = featureColumns(arrays, y.length);
  const names = columnNames(arrays.names, features.length, targetName);
  const columns: Record<string, ColumnData> = Object.fromEntries(names.map((name, j) => [name, features[j]]));
  columns[targetName] = y;
  const offsetName = arrays.offset && freeName("offset", columns);
  if (offsetName !== undefined) columns[offsetName] = Float64Array.from(arrays.offset!);
  const trialsName = arrays.trials && freeName("trials", columns);
  if (trialsName !== undefined) columns[trialsName] = Float64Array.from(arrays.trials!);
  let weights: string | undefined;
  if (arrays.weights) {
    const name = freeName("weights", columns);
    columns[name] = Float64Array.from(arrays.weights);
    weights = quoteName(name);
  }
  const formula = formulaOfColumns(targetName, names, { intercept, offsetName, trialsName });
  return buildDesign(tableFromColumns(columns), formula, { ...options, weights });
}

/** The names of columns, x1, x2, … where none are given. @throws InputError where they are too many, too few or the same */
export function columnNames(
  given: readonly string[] | undefined,
  count: number,
  targetName: string,
): readonly string[] {
  const names = given ?? Array.from({ length: count }, (_, j) => `x${j + 1}`);
  if (names.length !== count)
    throw new InputError(`There are ${names.length} names for ${count} columns of x; give one for each.`);
  const seen = new Set([targetName]);
  for (const name of names) {
    if (seen.has(name))
      throw new InputError(`The name "${name}" is given twice; give each column and the target its own.`);
    seen.add(name);
  }
  return names;
}

/** `y ~ x1 + x2 + offset(…)`, or `y | trials(…) ~ …` */
export function formulaOfColumns(
  targetName: string,
  names: readonly string[],
  {
    intercept,
    offsetName,
    trialsName,
  }: { readonly intercept: boolean; readonly offsetName?: string; readonly trialsName?: string },
): Formula {
  const parts: { sign: "+"; term: TermTree }[] = names.map((name) => ({ sign: "+", term: columnFactor(name, 0) }));
  if (!intercept) parts.unshift({ sign: "+", term: { kind: "zero" } });
  if (parts.length === 0) parts.push({ sign: "+", term: { kind: "one" } });
  if (offsetName !== undefined) {
    parts.push({ sign: "+", term: { kind: "offset", expression: column(offsetName), at: 0 } });
  }
  const tree: Omit<Formula, "text"> = {
    target: trialsName === undefined ? column(targetName) : ofTrials(column(targetName), column(trialsName)),
    terms: { kind: "sum", parts },
  };
  return { text: formulaText(tree), ...tree };
}

function column(name: string): Expression {
  return { kind: "column", name, at: 0 };
}

function ofTrials(successes: Expression, trials: Expression): Expression {
  const call: Expression = { kind: "call", name: "trials", args: [trials], at: 0 };
  return { kind: "binary", operator: "or", left: successes, right: call, at: 0 };
}

/** The name, with as many underscores as tell it from the columns' names. */
export function freeName(name: string, columns: Readonly<Record<string, unknown>>): string {
  return Object.hasOwn(columns, name) ? freeName(`${name}_`, columns) : name;
}

function featureColumns({ x, names }: DesignArrays, numRows: number): Float64Array[] {
  if (numRows === 0) throw new InputError("y is empty; give a row of x and a value of y at least.");
  if (ArrayBuffer.isView(x)) {
    const flat = x as Float64Array | Float32Array;
    const numColumns = names?.length ?? flat.length / numRows;
    if (!Number.isInteger(numColumns) || flat.length !== numRows * numColumns) {
      const columns = names ? ` of ${names.length} columns` : "";
      throw new InputError(
        `x holds ${formatCount(flat.length)} numbers, which make no ${formatCount(numRows)} rows${columns}; x is row-major, N × D.`,
      );
    }
    return Array.from({ length: numColumns }, (_, j) => {
      const column = new Float64Array(numRows);
      for (let n = 0; n < numRows; n++) column[n] = flat[n * numColumns + j];
      return column;
    });
  }
  const rows = x as readonly ArrayLike<number>[];
  if (rows.length !== numRows) {
    throw new InputError(`x has ${formatCount(rows.length)} rows and y ${formatCount(numRows)}; they need as many.`);
  }
  const numColumns = rows[0].length;
  const odd = rows.findIndex((row) => row.length !== numColumns);
  if (odd >= 0)
    throw new InputError(
      `Row ${odd + 1} of x has ${rows[odd].length} numbers and row 1 has ${numColumns}; make them equal.`,
    );
  return Array.from({ length: numColumns }, (_, j) => Float64Array.from(rows, (row) => row[j]));
}
