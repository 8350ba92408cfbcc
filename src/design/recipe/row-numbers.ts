import { InputError } from "../../errors.ts";
import { compileNumeric, type ExpressionScope } from "../../formula/expression.ts";
import { type Expression, parseExpression } from "../../formula/formula.ts";
import { expressionText } from "../../formula/formula-text.ts";
import type { Numeric } from "../../table/compiled-expression.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { requireComputableWeight } from "../../table/computable.ts";
import { type ColumnInfo, formatCount } from "../../table/table-source.ts";
import { finiteValues } from "../columns/factors.ts";

/** A number for each of the complete rows. @throws InputError naming the first row whose number cannot be used. */
export type RowNumbers = (rows: CompleteRows) => Float64Array;

/**
 * The sum of the formula's offsets; nothing where it has none.
 * @throws InputError where an expression does not fit the table, or is text.
 */
export function compileOffset(offsets: readonly Expression[], scope: ExpressionScope): RowNumbers | undefined {
  if (offsets.length === 0) return undefined;
  const readers = offsets.map((expression) => {
    const compiled = compileNumeric(expression, scope, "offset()");
    return (rows: CompleteRows) => finiteValues(compiled, expression, rows);
  });
  return (rows) => {
    const sum = new Float64Array(rows.chunk.numRows);
    for (const read of readers) {
      const values = read(rows);
      for (let i = 0; i < sum.length; i++) sum[i] += values[i];
    }
    return sum;
  };
}

/**
 * How often each row counts, from an expression such as `w` or `n / 2`.
 * @throws InputError where the text is no expression, does not fit the table, or is text.
 */
export function compileWeights(
  text: string,
  columns: ReadonlyMap<string, ColumnInfo>,
): { readonly expression: Expression; readonly read: RowNumbers } {
  return inWeights(() => {
    const expression = parseExpression(text);
    const compiled = compileNumeric(expression, { text, columns }, "a weight");
    return { expression, read: (rows) => weightsOf(compiled, expression, rows) };
  });
}

/** @throws InputError where the text is no expression. */
export function parseWeights(text: string): Expression {
  return inWeights(() => parseExpression(text));
}

function inWeights<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    // The caret then stands under the text of the weights, not under the formula's.
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.message.replace("Formula error", "Error in the weights"));
  }
}

function weightsOf(compiled: Numeric, expression: Expression, rows: CompleteRows): Float64Array {
  const weights = compiled.evaluate(rows.chunk);
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (bad < 0) {
    weights.forEach((weight, i) => {
      requireComputableWeight(weight, () => described(weight, expression, rows.rowNumber(i)));
    });
    return weights;
  }
  throw new InputError(
    `The weight ${described(weights[bad], expression, rows.rowNumber(bad))}; weights say how often a row counts, so they are finite and 0 or more: change the expression, or drop such rows with --sql.`,
  );
}

function described(weight: number, expression: Expression, row: number): string {
  return `${expressionText(expression)} is ${weight} in data row ${formatCount(row)}`;
}
