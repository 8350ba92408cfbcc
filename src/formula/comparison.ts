import type { CompiledExpression, Numeric } from "../table/compiled-expression.ts";
import { isoDays } from "../table/iso-dates.ts";
import { type CategoryColumn, compareText } from "../table/table-source.ts";
import type { ComparisonOperator, Expression } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { expressionText } from "./formula-text.ts";

interface Comparison {
  readonly operator: ComparisonOperator;
  readonly left: CompiledExpression;
  readonly right: CompiledExpression;
  readonly expression: Expression & { kind: "binary" };
  /** The formula's text, for messages. */
  readonly text: string;
}

/**
 * A comparison of numbers, or of texts by codepoint. A literal takes the type of the other side: `code == "2"` is met
 * by the number 2, `class == 2` by the text "2" (`version == 1.10` by "1.10"), `flag == "true"` by true, `day >= "2024-12-31"` by that day. Missing values give NaN.
 *
 * @throws InputError where a text cannot be compared with a number.
 */
export function compare(comparison: Comparison): Numeric {
  const { operator, expression, text } = comparison;
  let { left, right } = comparison;
  if (left.type === "text" && right.type === "text") {
    throw formulaError(text, expression.at, `"${operator}" compares two texts in quotes; one side has to be a column.`);
  }
  left = literalLike(left, right, expression.left, text);
  right = literalLike(right, left, expression.right, text);
  const holds = signTest(operator);

  if (left.type === "string" && right.type === "string") {
    const [a, b] = [left, right];
    return boolean((chunk) => compareColumns(a.evaluate(chunk), b.evaluate(chunk), holds));
  }
  if (left.type === "string" && right.type === "text") return againstText(left, right.value, holds);
  if (left.type === "text" && right.type === "string") {
    const { value } = left;
    return againstText(right, value, (sign) => holds(-sign));
  }
  if (!isNumeric(left) || !isNumeric(right)) {
    const [words, numbers] = isNumeric(left)
      ? [expression.right, expression.left]
      : [expression.left, expression.right];
    const sides = `${expressionText(words)} is text and ${expressionText(numbers)} is a number`;
    throw formulaError(text, expression.at, `"${operator}" cannot compare them: ${sides}.`);
  }
  const [a, b] = [left, right];
  return boolean((chunk) => compareNumbers(operator, a.evaluate(chunk), b.evaluate(chunk)));
}

function boolean(evaluate: Numeric["evaluate"]): Numeric {
  return { type: "boolean", evaluate };
}

function isNumeric(side: CompiledExpression): side is Numeric {
  return side.type === "number" || side.type === "boolean";
}

/** A literal as the type of what it is compared with; anything else as it is. */
function literalLike(
  side: CompiledExpression,
  other: CompiledExpression,
  expression: Expression,
  text: string,
): CompiledExpression {
  if (other.type === "string" && (expression.kind === "number" || expression.kind === "boolean")) {
    return { type: "text", value: expressionText(expression) };
  }
  if (side.type !== "text" || !isNumeric(other)) return side;
  const words: Record<string, number> = other.type === "boolean" ? { false: 0, true: 1 } : {};
  const literal = side.value.trim();
  const value = other.isTime ? isoDays(literal) : literal === "" ? Number.NaN : (words[literal] ?? Number(literal));
  if (Number.isNaN(value)) {
    const kind = other.type === "boolean" ? "true or false" : other.isTime ? "dates" : "a number";
    throw formulaError(text, expression.at, `"${side.value}" is compared with ${kind}, and can never equal it.`);
  }
  return boolean((chunk) => new Float64Array(chunk.numRows).fill(value));
}

function signTest(operator: ComparisonOperator): (sign: number) => boolean {
  switch (operator) {
    case "==":
      return (sign) => sign === 0;
    case "!=":
      return (sign) => sign !== 0;
    case "<":
      return (sign) => sign < 0;
    case "<=":
      return (sign) => sign <= 0;
    case ">":
      return (sign) => sign > 0;
    case ">=":
      return (sign) => sign >= 0;
  }
}

/** Every level is compared once, and rows look their level up. */
function againstText(
  side: Extract<CompiledExpression, { type: "string" }>,
  value: string,
  holds: (sign: number) => boolean,
): Numeric {
  let known: readonly string[] = [];
  let table: number[] = [];
  return boolean((chunk) => {
    const { codes, levels } = side.evaluate(chunk);
    if (levels !== known) {
      known = levels;
      table = levels.map((level) => (holds(compareText(level, value)) ? 1 : 0));
    }
    const result = new Float64Array(codes.length);
    for (let i = 0; i < codes.length; i++) result[i] = codes[i] < 0 ? Number.NaN : table[codes[i]];
    return result;
  });
}

function compareColumns(a: CategoryColumn, b: CategoryColumn, holds: (sign: number) => boolean): Float64Array {
  return Float64Array.from(a.codes, (code, i) => {
    if (code < 0 || b.codes[i] < 0) return Number.NaN;
    return holds(compareText(a.levels[code], b.levels[b.codes[i]])) ? 1 : 0;
  });
}

function compareNumbers(operator: ComparisonOperator, a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  switch (operator) {
    case "==":
      for (let i = 0; i < a.length; i++) result[i] = a[i] === b[i] ? 1 : 0;
      break;
    case "!=":
      for (let i = 0; i < a.length; i++) result[i] = a[i] !== b[i] ? 1 : 0;
      break;
    case "<":
      for (let i = 0; i < a.length; i++) result[i] = a[i] < b[i] ? 1 : 0;
      break;
    case "<=":
      for (let i = 0; i < a.length; i++) result[i] = a[i] <= b[i] ? 1 : 0;
      break;
    case ">":
      for (let i = 0; i < a.length; i++) result[i] = a[i] > b[i] ? 1 : 0;
      break;
    case ">=":
      for (let i = 0; i < a.length; i++) result[i] = a[i] >= b[i] ? 1 : 0;
  }
  for (let i = 0; i < a.length; i++) if (Number.isNaN(a[i]) || Number.isNaN(b[i])) result[i] = Number.NaN;
  return result;
}
