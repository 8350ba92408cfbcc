import { InputError } from "../errors.ts";
import { formulaError, loneExpressionMessage, openParentheses, syntaxMessage } from "./formula-errors.ts";
import { parse } from "./formula-parser.generated.js";

/** An expression over a row's columns. `at` is the offset in the formula's text. */
export type Expression =
  | { readonly kind: "number"; readonly value: number; readonly at: number; readonly spelling?: string }
  | { readonly kind: "string"; readonly value: string; readonly at: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly at: number }
  | { readonly kind: "column"; readonly name: string; readonly at: number }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      /** Which of the columns that the call stands for, from 1; only poly(x, k) stands for several. */
      readonly index?: number;
      readonly at: number;
    }
  | { readonly kind: "unary"; readonly operator: "-" | "not"; readonly operand: Expression; readonly at: number }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly at: number;
    };

/** A function's call. */
export type Call = Expression & { readonly kind: "call" };

export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "^";
export type BinaryOperator = ComparisonOperator | ArithmeticOperator | "and" | "or";

/** What stands between the signs of a formula's right side: an expression that makes one or several columns. */
export interface Factor {
  readonly kind: "factor";
  /** "C": its values are the names of categories; "I": an expression that would otherwise be read as terms. */
  readonly wrapper: "" | "C" | "I";
  readonly expression: Expression;
  /** The level that the others are compared with, where C() names one. */
  readonly reference?: ReferenceLevel;
  readonly at: number;
}

/** A factor that is a call of a function. */
export type CallFactor = Factor & { readonly expression: Call };

/** Whether a factor is a call of the named function, without a wrapper. */
export function isCallOf(name: string, { wrapper, expression }: Factor): boolean {
  return wrapper === "" && expression.kind === "call" && expression.name === name;
}

/** A level as it is written in a formula, so that 1.10 is not 1.1. */
export interface ReferenceLevel {
  readonly level: string;
  readonly at: number;
}

/** The right side as it was written; formula-terms.ts makes a list of terms of it. */
export type TermTree =
  | { readonly kind: "sum"; readonly parts: readonly { readonly sign: "+" | "-"; readonly term: TermTree }[] }
  | { readonly kind: "cross" | "interaction"; readonly left: TermTree; readonly right: TermTree }
  | { readonly kind: "power"; readonly base: TermTree; readonly degree: number }
  | { readonly kind: "zero" | "one" }
  | { readonly kind: "dot"; readonly at: number }
  | { readonly kind: "offset"; readonly expression: Expression; readonly at: number }
  | GroupTree
  | Factor;

/** `(effects | a:b / c)` as it was written. */
export interface GroupTree {
  readonly kind: "group";
  readonly effects: TermTree & { readonly kind: "sum" };
  /** Whether the bar is one, as in (1 + x | g), and not two. */
  readonly isCorrelated: boolean;
  /** Factors within each other, each a product of columns. */
  readonly by: readonly (readonly Factor[])[];
  readonly at: number;
}

export interface Formula {
  readonly text: string;
  readonly target: Expression;
  readonly terms: TermTree;
}

/**
 * Reads `target ~ terms`, the formula language of R and patsy: `+`, `-`, `:`, `*`, `(…)^n`, `.`, 0 and 1, C(), I(),
 * functions, offset() and group terms such as (1 + x | g). Columns are checked later, where the table is known.
 *
 * @throws InputError with the column of the mistake, and a caret under it.
 */
export function parseFormula(text: string): Formula {
  return { text, ...(parsed(text, "Formula", syntaxMessage) as Omit<Formula, "text">) };
}

/**
 * Reads an expression that stands by itself, such as `w / 2`.
 *
 * @throws InputError as parseFormula.
 */
export function parseExpression(text: string): Expression {
  return parsed(text, "Lone", loneExpressionMessage) as Expression;
}

const maxCharacters = 1_000_000;
/** Parentheses within each other. */
const maxParentheses = 200;
/** Operations within each other, as they are in a sum or a product of so many: what reads a tree goes as deep. */
const maxLevels = 1000;

function parsed(text: string, startRule: string, messageAt: (text: string, at: number) => string): unknown {
  if (text.length > maxCharacters)
    throw new InputError(
      `The formula has ${text.length.toLocaleString("en-US")} characters, and ${maxCharacters.toLocaleString("en-US")} are the most; name many columns by a dot, as in "y ~ .".`,
    );
  const deep = openParentheses(text, maxParentheses).at(maxParentheses);
  if (deep !== undefined)
    throw formulaError(text, deep, `more than ${maxParentheses} parentheses are open here; write it with fewer.`);
  try {
    const tree = parse(text, { startRule });
    if (levelsOf(tree) > maxLevels)
      throw formulaError(
        text,
        0,
        `more than ${maxLevels.toLocaleString("en-US")} operations stand within each other, as in a sum within I() or a product of so many; make a column of it with --sql.`,
      );
    return tree;
  } catch (error) {
    if (!(error instanceof Error && "location" in error)) throw error;
    const { offset } = (error.location as { start: { offset: number } }).start;
    throw formulaError(text, offset, messageAt(text, offset));
  }
}

/** How many nodes of a tree stand within each other; the parts of a sum of terms stand beside each other. */
function levelsOf(root: unknown): number {
  let level: unknown[] = [root];
  for (let depth = 0; ; depth++) {
    const next: unknown[] = [];
    for (const node of level)
      for (const child of Object.values(node as object))
        if (typeof child === "object" && child !== null) next.push(child);
    if (next.length === 0) return depth;
    level = next;
  }
}

/** Calls `visit` for every column that the expression names. */
export function visitColumns(expression: Expression, visit: (name: string, at: number) => void): void {
  if (expression.kind === "column") visit(expression.name, expression.at);
  else if (expression.kind === "unary") visitColumns(expression.operand, visit);
  else if (expression.kind === "call") for (const argument of expression.args) visitColumns(argument, visit);
  else if (expression.kind === "binary") {
    visitColumns(expression.left, visit);
    visitColumns(expression.right, visit);
  }
}
