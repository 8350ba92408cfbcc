import { suggestion } from "../suggest.ts";
import type { CompiledExpression, Numeric } from "../table/compiled-expression.ts";
import type { CategoryColumn, ColumnInfo, NumberColumn } from "../table/table-source.ts";
import { compare } from "./comparison.ts";
import type { ArithmeticOperator, BinaryOperator, Expression } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { expressionText, quoteName } from "./formula-text.ts";
import { functions } from "./functions.ts";

/** The words an expression is read among: the formula's text, for messages, and the table's columns. */
export interface ExpressionScope {
  readonly text: string;
  readonly columns: ReadonlyMap<string, ColumnInfo>;
}

/**
 * Checks an expression against a table's columns and makes a function of it.
 *
 * @throws InputError with the place in the formula: unknown columns and functions, texts where numbers are needed.
 */
export function compileExpression(expression: Expression, scope: ExpressionScope): CompiledExpression {
  switch (expression.kind) {
    case "number":
      return constant("number", expression.value);
    case "boolean":
      return constant("boolean", expression.value ? 1 : 0);
    case "string":
      return { type: "text", value: expression.value };
    case "column":
      return compileColumn(expression.name, expression.at, scope);
    case "call":
      return compileCall(expression, scope);
    case "unary": {
      const operand = compileNumeric(expression.operand, scope, `"${expression.operator}"`);
      return expression.operator === "-"
        ? mapped("number", operand, (value) => -value)
        : mapped("boolean", operand, (value) => (value === 0 ? 1 : Number.isNaN(value) ? value : 0));
    }
    case "binary":
      return compileBinary(expression, scope);
  }
}

/** The table's column of that name, or an error that knows the names that may have been meant. */
export function findColumn(name: string, at: number, scope: ExpressionScope): ColumnInfo {
  const info = scope.columns.get(name);
  if (!info) {
    // Names as a formula writes them: a file whose delimiter was not found shows as a single name in backticks.
    const names = [...scope.columns.keys()].map(quoteName);
    throw formulaError(
      scope.text,
      at,
      `the data has no column "${name}"; ${suggestion(name, names, "its columns are")}`,
    );
  }
  if (info.type === "unsupported") {
    if (info.refusal !== undefined) throw formulaError(scope.text, at, `column "${name}" ${info.refusal}.`);
    const type = info.sourceType ? ` (${info.sourceType})` : "";
    throw formulaError(
      scope.text,
      at,
      `column "${name}" is of a type${type} that a formula cannot use; leave it out, or make a number or a text of it with --sql.`,
    );
  }
  return info;
}

function compileColumn(name: string, at: number, scope: ExpressionScope): CompiledExpression {
  const { type, isTime } = findColumn(name, at, scope);
  if (type === "string") return { type, evaluate: (chunk) => chunk.columns.get(name) as CategoryColumn };
  if (type === "number") return { type, isTime, evaluate: (chunk) => (chunk.columns.get(name) as NumberColumn).values };
  return { type: "boolean", evaluate: (chunk) => truthValues(chunk.columns.get(name) as CategoryColumn) };
}

function truthValues({ codes, levels }: CategoryColumn): Float64Array {
  const truth = levels.map((level) => (level === "true" ? 1 : 0));
  const values = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = codes[i] < 0 ? Number.NaN : truth[codes[i]];
  return values;
}

function constant(type: "number" | "boolean", value: number): Numeric {
  return { type, evaluate: (chunk) => new Float64Array(chunk.numRows).fill(value) };
}

function mapped(type: "number" | "boolean", operand: Numeric, apply: (value: number) => number): Numeric {
  return { type, evaluate: (chunk) => operand.evaluate(chunk).map(apply) };
}

/** Compiles an operand that has to be a number or a boolean. */
export function compileNumeric(expression: Expression, scope: ExpressionScope, who: string): Numeric {
  const compiled = compileExpression(expression, scope);
  if (compiled.type === "number" || compiled.type === "boolean") return compiled;
  throw formulaError(scope.text, expression.at, `${who} needs numbers, and ${expressionText(expression)} is text.`);
}

function compileCall(expression: Expression & { kind: "call" }, scope: ExpressionScope): Numeric {
  const { name, args, at } = expression;
  if (name === "C" || name === "I" || name === "offset" || name === "words" || name === "poly") {
    const ofTarget = name === "C" ? " A target of classes goes without C(), with --family categorical." : "";
    throw formulaError(scope.text, at, `${name}() stands only by itself on the right of the "~".${ofTarget}`);
  }
  if (name === "trials" || name === "cbind") {
    const way = name === "trials" ? "y | trials(n) ~ …" : "cbind(y, n - y) ~ …";
    throw formulaError(scope.text, at, `${name}() stands only on the left of the "~", as in ${way}.`);
  }
  if (expression.index !== undefined)
    throw formulaError(scope.text, at, `${name}() has one value, and no [${expression.index}] to choose.`);
  // A lookup by own names, so that `toString(x)` is unknown like any other.
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!called) {
    const known = suggestion(name, [...Object.keys(functions), "words", "poly"], "the functions are");
    throw formulaError(scope.text, at, `there is no function "${name}"; ${known}`);
  }
  const [least, most] = called.arguments;
  if (args.length < least || args.length > most) {
    const count = least === most ? `${least}` : `${least} to ${most}`;
    const wanted = `${count} ${most === 1 ? "argument" : "arguments"}`;
    throw formulaError(scope.text, at, `${name}() takes ${wanted}, and ${args.length} are given.`);
  }
  const operands = args.map((argument) => compileNumeric(argument, scope, `${name}()`));
  const { apply } = called;
  if (operands.length === 1) return mapped("number", operands[0], (value) => apply(value));
  return {
    type: "number",
    evaluate: (chunk) => {
      const values = operands.map((operand) => operand.evaluate(chunk));
      return Float64Array.from({ length: chunk.numRows }, (_, i) => apply(...values.map((column) => column[i])));
    },
  };
}

function compileBinary(expression: Expression & { kind: "binary" }, scope: ExpressionScope): Numeric {
  const { operator } = expression;
  if (isComparison(operator)) {
    const left = compileExpression(expression.left, scope);
    const right = compileExpression(expression.right, scope);
    return compare({ operator, left, right, expression, text: scope.text });
  }
  const left = compileNumeric(expression.left, scope, `"${operator}"`);
  const right = compileNumeric(expression.right, scope, `"${operator}"`);
  if (operator === "and" || operator === "or") {
    return {
      type: "boolean",
      evaluate: (chunk) => logic(operator, left.evaluate(chunk), right.evaluate(chunk)),
    };
  }
  return { type: "number", evaluate: (chunk) => arithmetic(operator, left.evaluate(chunk), right.evaluate(chunk)) };
}

function isComparison(operator: BinaryOperator): operator is "==" | "!=" | "<" | "<=" | ">" | ">=" {
  return /^[=!<>]/.test(operator);
}

function logic(operator: "and" | "or", a: Float64Array, b: Float64Array): Float64Array {
  return a.map((left, i) => {
    if (Number.isNaN(left) || Number.isNaN(b[i])) return Number.NaN;
    return (operator === "and" ? left !== 0 && b[i] !== 0 : left !== 0 || b[i] !== 0) ? 1 : 0;
  });
}

function arithmetic(operator: ArithmeticOperator, a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  switch (operator) {
    case "+":
      for (let i = 0; i < a.length; i++) result[i] = a[i] + b[i];
      break;
    case "-":
      for (let i = 0; i < a.length; i++) result[i] = a[i] - b[i];
      break;
    case "*":
      for (let i = 0; i < a.length; i++) result[i] = a[i] * b[i];
      break;
    case "/":
      for (let i = 0; i < a.length; i++) result[i] = a[i] / b[i];
      break;
    case "%":
      // The remainder has the sign of the divisor, as in R and Python: −1 % 24 is 23.
      for (let i = 0; i < a.length; i++) result[i] = a[i] - Math.floor(a[i] / b[i]) * b[i];
      break;
    case "^":
      for (let i = 0; i < a.length; i++) result[i] = a[i] ** b[i];
  }
  return result;
}
