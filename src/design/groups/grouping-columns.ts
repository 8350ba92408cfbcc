import { InputError } from "../../errors.ts";
import { compileExpression, type ExpressionScope, findColumn } from "../../formula/expression.ts";
import type { Factor } from "../../formula/formula.ts";
import { formulaError } from "../../formula/formula-errors.ts";
import { groupingName } from "../../formula/formula-groups.ts";
import { factorName, quoteName } from "../../formula/formula-text.ts";
import type { CompiledExpression, Numeric } from "../../table/compiled-expression.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { compareText, formatCount } from "../../table/table-source.ts";
import { finiteValues } from "../columns/factors.ts";
import { NumberIndex } from "./number-index.ts";

/** The levels of a column by which rows are grouped, sorted: numbers by size, texts by codepoint. */
export type SortedLevels =
  | { readonly kind: "number" | "boolean"; readonly values: Float64Array }
  | { readonly kind: "text"; readonly values: readonly string[] };

/** The name of a level. */
export function levelText({ kind, values }: SortedLevels, level: number): string {
  return kind === "boolean" ? String(values[level] !== 0) : String(values[level]);
}

/** A column by which rows are grouped; codes are given in the order of appearance. */
export interface GroupingColumn {
  readonly name: string;
  /** A code for each row. @throws InputError where a value is no level */
  read(rows: CompleteRows): Uint32Array;
  /** How many codes have been given. */
  readonly numCodes: number;
  /** The number or the text of a code. */
  valueOf(code: number): number | string;
  /** The levels that were read so far, and the place of each code among them. */
  sorted(): { readonly levels: SortedLevels; readonly rankOf: Uint32Array };
}

/**
 * The columns of texts that only group the rows: read as texts, they may have any number of levels.
 * @param names The columns that are read otherwise
 * @throws InputError where the table does not have a column
 */
export function groupingTexts(by: readonly Factor[], names: ReadonlySet<string>, scope: ExpressionScope): Set<string> {
  const texts = by.flatMap(({ expression }) => {
    if (expression.kind !== "column" || names.has(expression.name)) return [];
    return findColumn(expression.name, expression.at, scope).type === "string" ? [expression.name] : [];
  });
  return new Set(texts);
}

/** @throws InputError where the expression does not fit the table */
export function compileGroupingColumn(factor: Factor, scope: ExpressionScope): GroupingColumn {
  const { expression, at } = factor;
  const compiled = compileExpression(expression, scope);
  const name = groupingName(factor);
  if (compiled.type === "text")
    throw formulaError(
      scope.text,
      at,
      `${factorName(factor)} is a text in quotes; a column's name goes without quotes.`,
    );
  return compiled.type === "string" ? new TextColumn(name, compiled.evaluate) : new CodeColumn(name, factor, compiled);
}

class CodeColumn implements GroupingColumn {
  private readonly index: NumberIndex;

  constructor(
    readonly name: string,
    private readonly factor: Factor,
    private readonly compiled: Numeric,
  ) {
    this.index = new NumberIndex(name);
  }

  read(rows: CompleteRows): Uint32Array {
    const values = finiteValues(this.compiled, this.factor.expression, rows);
    const codes = new Uint32Array(values.length);
    const isFree = this.factor.wrapper === "C" || this.compiled.type === "boolean";
    for (let i = 0; i < values.length; i++) {
      if (!isFree && !Number.isInteger(values[i])) throw this.notWhole(values[i], rows.rowNumber(i));
      codes[i] = this.index.add(values[i]);
    }
    return codes;
  }

  get numCodes(): number {
    return this.index.size;
  }

  valueOf(code: number): number {
    return this.index.valueOf(code);
  }

  sorted() {
    const { values, rankOf } = this.index.sorted();
    const kind = this.compiled.type === "boolean" ? ("boolean" as const) : ("number" as const);
    return { levels: { kind, values }, rankOf };
  }

  private notWhole(value: number, row: number): InputError {
    const cure = `(… | C(${quoteName(this.name)}))`;
    return new InputError(
      `Rows are grouped by "${this.name}", which is ${value} in data row ${formatCount(row)}, and codes of groups are whole numbers; write ${cure} where each of its values is a group of its own.`,
    );
  }
}

class TextColumn implements GroupingColumn {
  private readonly texts: string[] = [];
  private readonly codes = new Map<string, number>();
  /** The levels of the chunk before, and their codes, −1 where they have not been looked up. */
  private known: { readonly levels: readonly string[]; readonly codes: Int32Array } | undefined;

  constructor(
    readonly name: string,
    private readonly evaluate: Extract<CompiledExpression, { type: "string" }>["evaluate"],
  ) {}

  read(rows: CompleteRows): Uint32Array {
    const { codes, levels } = this.evaluate(rows.chunk);
    if (this.known?.levels !== levels) this.known = { levels, codes: new Int32Array(levels.length).fill(-1) };
    const own = this.known.codes;
    const result = new Uint32Array(codes.length);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (own[code] < 0) own[code] = this.codeOf(levels[code]);
      result[i] = own[code];
    }
    return result;
  }

  get numCodes(): number {
    return this.texts.length;
  }

  valueOf(code: number): string {
    return this.texts[code];
  }

  sorted() {
    const values = this.texts.slice().sort(compareText);
    const rankOf = new Uint32Array(values.length);
    values.forEach((text, rank) => {
      rankOf[this.codes.get(text)!] = rank;
    });
    return { levels: { kind: "text" as const, values }, rankOf };
  }

  private codeOf(text: string): number {
    const known = this.codes.get(text);
    if (known !== undefined) return known;
    this.codes.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}
