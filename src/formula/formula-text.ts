import type { Expression, Factor, Formula, GroupTree, TermTree } from "./formula.ts";
import { isTrialsOf } from "./trials.ts";

const plainName = /^(?!(?:and|or|not|true|false)$)[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u;
const precedence = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
};
const notLevel = 3;
const unaryLevel = 7;
const powerLevel = 8;

/** The name as it is written in a formula: in backticks unless it is a plain word. */
export function quoteName(name: string): string {
  return plainName.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** The expression as text, with no more parentheses than it needs; parsed again it is the same expression. */
export function expressionText(expression: Expression): string {
  return atLevel(expression, 0);
}

/** As expressionText, in parentheses where the expression binds less tightly than `level`. */
function atLevel(expression: Expression, level: number): string {
  const wrap = (own: number, text: string) => (own < level ? `(${text})` : text);
  switch (expression.kind) {
    case "number":
      return expression.spelling ?? String(expression.value);
    case "boolean":
      return String(expression.value);
    case "string":
      return quoteText(expression.value);
    case "column":
      return quoteName(expression.name);
    case "call": {
      const index = expression.index === undefined ? "" : `[${expression.index}]`;
      return `${expression.name}(${expression.args.map(expressionText).join(", ")})${index}`;
    }
    case "unary":
      return expression.operator === "-"
        ? wrap(unaryLevel, `-${atLevel(expression.operand, unaryLevel)}`)
        : wrap(notLevel, `not ${atLevel(expression.operand, notLevel)}`);
    case "binary": {
      const { operator, left, right } = expression;
      if (operator === "^") return wrap(powerLevel, `${atLevel(left, powerLevel + 1)}^${atLevel(right, unaryLevel)}`);
      if (isTrialsOf(expression)) return wrap(precedence.or, `${atLevel(left, 2)} | ${expressionText(right)}`);
      const own = precedence[operator];
      // Comparisons do not chain, so both sides bind more tightly; the others chain to the left.
      return wrap(own, `${atLevel(left, own === 4 ? 5 : own)} ${operator} ${atLevel(right, own + 1)}`);
    }
  }
}

function quoteText(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * The factor's name in the names of columns: `x`, `log(x)`, `C(code)`, `I(x^2)`; a lone column without backticks. The
 * reference level has no part in it: a factor is the same, and its columns are, whatever they are compared with.
 */
export function factorName(factor: Factor): string {
  const { wrapper, expression } = factor;
  if (wrapper) return `${wrapper}(${expressionText(expression)})`;
  return expression.kind === "column" ? expression.name : expressionText(expression);
}

/** As it is written in a formula: the name, and the reference level where one was named. */
function factorText({ wrapper, expression, reference }: Factor): string {
  if (!wrapper) return expressionText(expression);
  return `${wrapper}(${expressionText(expression)}${reference ? `, ref = ${quoteText(reference.level)}` : ""})`;
}

export function formulaText(formula: Pick<Formula, "target" | "terms">): string {
  return `${expressionText(formula.target)} ~ ${termText(formula.terms, 0)}`;
}

/** Levels: 0 sum, 1 cross, 2 interaction, 3 power. */
function termText(tree: TermTree, level: number): string {
  const wrap = (own: number, text: string) => (own < level ? `(${text})` : text);
  switch (tree.kind) {
    case "zero":
      return "0";
    case "one":
      return "1";
    case "dot":
      return ".";
    case "offset":
      return `offset(${expressionText(tree.expression)})`;
    case "factor":
      return factorText(tree);
    case "group":
      return groupText(tree);
    case "power":
      return `${termText(tree.base, 4)}^${tree.degree}`;
    case "interaction":
      return wrap(2, `${termText(tree.left, 2)}:${termText(tree.right, 3)}`);
    case "cross":
      return wrap(1, `${termText(tree.left, 1)} * ${termText(tree.right, 2)}`);
    case "sum": {
      const parts = tree.parts.map(({ sign, term }, index) => {
        const text = termText(term, 1);
        return index === 0 ? `${sign === "-" ? "-" : ""}${text}` : ` ${sign} ${text}`;
      });
      return level > 0 ? `(${parts.join("")})` : parts.join("");
    }
  }
}

/** `(1 + x | a / b:c)` */
export function groupText({ effects, isCorrelated, by }: GroupTree): string {
  const factors = by.map((columns) => columns.map(factorText).join(":"));
  return `(${termText(effects, 0)} ${isCorrelated ? "|" : "||"} ${factors.join(" / ")})`;
}
