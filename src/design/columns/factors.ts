import { InputError } from "../../errors.ts";
import { compileExpression, compileNumeric, type ExpressionScope } from "../../formula/expression.ts";
import type { CallFactor, Expression, Factor } from "../../formula/formula.ts";
import { formulaError } from "../../formula/formula-errors.ts";
import { expressionText, factorName } from "../../formula/formula-text.ts";
import { type ChebyshevSeries, isPolynomial, valueAt } from "../../formula/polynomials.ts";
import { indexOfReference } from "../../formula/reference-level.ts";
import { compileWords, isWordCount, type WordFactor } from "../../formula/words.ts";
import type { CompiledExpression, Numeric } from "../../table/compiled-expression.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { maxLevels } from "../../table/table.ts";
import { type CategoryColumn, compareText, tooManyLevels } from "../../table/table-source.ts";

/** A factor whose values are numbers. */
export interface NumericFactor {
  readonly kind: "number";
  readonly name: string;
  /** A value a row. @throws InputError where one is not finite. */
  read(rows: CompleteRows): Float64Array;
}

/** The levels of a factor, known only after all rows were read once. */
export interface FactorLevels {
  readonly name: string;
  /** One more than the largest code so far. */
  readonly numCodes: number;
  readonly label: (code: number) => string;
  /** Sorts codes by their levels: texts by codepoint or in an order of their own, numbers by size. */
  readonly compare: (a: number, b: number) => number;
  /**
   * The place among the sorted levels of the one that the others are compared with; the first where left out.
   * @throws InputError where the level that was named does not occur.
   */
  readonly referenceAmong?: (levels: readonly string[]) => number;
  /** What codes stand for, in their order, where they are given in the order of appearance; the table's own where left out. */
  readonly appeared?: readonly (number | string)[];
  /** The codes of what has appeared elsewhere. */
  learn?(appeared: readonly (number | string)[]): Int32Array;
}

/** A factor whose values are levels. */
export interface CategoricalFactor extends FactorLevels {
  readonly kind: "category";
  /** A code a row, from 0; the same value has the same code in every chunk and every pass. */
  read(rows: CompleteRows): Int32Array;
}

export type FactorReader = NumericFactor | CategoricalFactor | WordFactor;

/**
 * @param fitted.words The words that words() counts, where they are known; all that occur where left out
 * @param fitted.series The polynomial that a column of poly() is
 * @throws InputError where the expression does not fit the table.
 */
export function compileFactor(
  factor: Factor,
  scope: ExpressionScope,
  { words, series }: { readonly words?: readonly string[]; readonly series?: ChebyshevSeries } = {},
): FactorReader {
  if (isWordCount(factor)) return compileWords(factor, scope, words);
  if (isPolynomial(factor)) return compilePolynomial(factor, scope, series!);
  const compiled = compileExpression(factor.expression, scope);
  const name = factorName(factor);
  const { wrapper, expression, reference } = factor;
  const kind = compiled.type === "number" || compiled.type === "boolean" ? compiled.type : "text";
  const referenceAmong = (levels: readonly string[]) =>
    indexOfReference(reference, levels, { name, kind, text: scope.text });
  if (compiled.type === "text") {
    throw formulaError(scope.text, factor.at, `${name} is a text in quotes, not a column; a name goes without quotes.`);
  }
  if (compiled.type === "string") {
    if (wrapper === "I") {
      throw formulaError(scope.text, factor.at, `I() needs numbers, and ${expressionText(expression)} is text.`);
    }
    return new TextFactor(name, compiled.evaluate, referenceAmong);
  }
  const isBooleanColumn = compiled.type === "boolean" && expression.kind === "column" && wrapper === "";
  if (wrapper === "C" || isBooleanColumn) return new NumberCategories(name, expression, compiled, referenceAmong);
  return { kind: "number", name, read: (rows) => finiteValues(compiled, expression, rows) };
}

function compilePolynomial(factor: CallFactor, scope: ExpressionScope, series: ChebyshevSeries): NumericFactor {
  const [argument] = factor.expression.args;
  const compiled = compileNumeric(argument, scope, "poly()");
  return {
    kind: "number",
    name: factorName(factor),
    read: (rows) => finiteValues(compiled, argument, rows).map((x) => valueAt(series, x)),
  };
}

/** @throws InputError where a column of texts stands by itself and in C() too, which are the same columns twice. */
export function refuseSameFactors(
  factors: readonly Factor[],
  readers: ReadonlyMap<string, FactorReader>,
  text: string,
): void {
  for (const { wrapper, expression, at } of factors) {
    if (wrapper !== "C" || expression.kind !== "column" || readers.get(expression.name)?.kind !== "category") continue;
    const [bare, coded] = [expressionText(expression), `C(${expressionText(expression)})`];
    throw formulaError(
      text,
      at,
      `${bare} is categorical by itself, so ${coded} is the same factor; write ${coded} in all terms.`,
    );
  }
}

/**
 * An expression's values of complete rows.
 * @throws InputError naming the expression and the row where a value is not finite.
 */
export function finiteValues(compiled: Numeric, expression: Expression, rows: CompleteRows): Float64Array {
  const values = compiled.evaluate(rows.chunk);
  if (expression.kind === "column") return values;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const what = Number.isNaN(values[i]) ? "is not a number" : "is infinite";
    const inputs = inputsOf(expression, rows, i);
    throw new InputError(
      `${expressionText(expression)} ${what} in data row ${rows.rowNumber(i).toLocaleString("en-US")}${inputs}; change the expression, or drop such rows with --sql.`,
    );
  }
  return values;
}

/** ", where x is 0" for the columns that an expression of row i reads. */
function inputsOf(expression: Expression, rows: CompleteRows, i: number): string {
  const named = [...rows.chunk.columns].flatMap(([name, column]) =>
    column.kind === "number" && namesColumn(expression, name) ? [`${name} is ${column.values[i]}`] : [],
  );
  return named.length > 0 ? `, where ${named.join(" and ")}` : "";
}

function namesColumn(expression: Expression, name: string): boolean {
  switch (expression.kind) {
    case "column":
      return expression.name === name;
    case "unary":
      return namesColumn(expression.operand, name);
    case "binary":
      return namesColumn(expression.left, name) || namesColumn(expression.right, name);
    case "call":
      return expression.args.some((argument) => namesColumn(argument, name));
    default:
      return false;
  }
}

class TextFactor implements CategoricalFactor {
  readonly kind = "category";
  private levels: readonly string[] = [];
  private isOrdered = false;

  constructor(
    readonly name: string,
    private readonly evaluate: Extract<CompiledExpression, { type: "string" }>["evaluate"],
    readonly referenceAmong: (levels: readonly string[]) => number,
  ) {}

  get numCodes(): number {
    return this.levels.length;
  }

  read(rows: CompleteRows): Int32Array {
    const { codes, levels, isOrdered = false }: CategoryColumn = this.evaluate(rows.chunk);
    this.levels = levels;
    this.isOrdered = isOrdered;
    return codes;
  }

  readonly label = (code: number) => this.levels[code];
  readonly compare = (a: number, b: number) => (this.isOrdered ? a - b : compareText(this.levels[a], this.levels[b]));
}

/** Numbers, or booleans, as the names of categories; codes are given in the order of appearance. */
class NumberCategories implements CategoricalFactor {
  readonly kind = "category";
  private readonly values: number[] = [];
  private readonly codes = new Map<number, number>();
  /** Codes of small whole numbers, which are most; −1 where there is none yet. */
  private readonly small = new Int32Array(4096).fill(-1);

  constructor(
    readonly name: string,
    private readonly expression: Expression,
    private readonly compiled: Numeric,
    readonly referenceAmong: (levels: readonly string[]) => number,
  ) {}

  get numCodes(): number {
    return this.values.length;
  }

  get appeared(): readonly number[] {
    return this.values;
  }

  learn(appeared: readonly (number | string)[]): Int32Array {
    return Int32Array.from(appeared, (value) => this.codeOf(Number(value)));
  }

  read(rows: CompleteRows): Int32Array {
    const values = finiteValues(this.compiled, this.expression, rows);
    const result = new Int32Array(values.length);
    const { small } = this;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const code = (value | 0) === value && value >= 0 && value < small.length ? small[value] : -1;
      result[i] = code >= 0 ? code : this.codeOf(value);
    }
    return result;
  }

  private codeOf(value: number): number {
    const known = this.codes.get(value);
    if (known !== undefined) return known;
    const code = this.values.length;
    if (code >= maxLevels) throw tooManyLevels(this.name, `more than ${maxLevels.toLocaleString("en-US")}`);
    // Adding 0 makes 0 of −0, which is the same level.
    this.values.push(value + 0);
    this.codes.set(value, code);
    if (Number.isInteger(value) && value >= 0 && value < this.small.length) this.small[value] = code;
    return code;
  }

  readonly label = (code: number) =>
    this.compiled.type === "boolean" ? String(this.values[code] !== 0) : String(this.values[code]);
  readonly compare = (a: number, b: number) => this.values[a] - this.values[b];
}
