import { type Expression, type Formula, visitColumns } from "./formula.ts";
import { formulaTerms } from "./formula-terms.ts";
import { isWordCount } from "./words.ts";

/**
 * How a formula reads a column: "levels" where it says so itself, by C() or a comparison with a text; "plain" where the
 * column's type decides what it means; "words" as texts, and "groups" where it groups the rows, whatever it holds.
 */
export type ColumnUse = "target" | "plain" | "levels" | "words" | "groups";

/** The uses of each column that the formula and the weights read. @throws InputError as `formulaTerms` */
export function columnUses(
  formula: Formula,
  weights: Expression | undefined,
  columnNames: readonly string[],
): ReadonlyMap<string, ReadonlySet<ColumnUse>> {
  const uses = new Map<string, Set<ColumnUse>>();
  const add = (name: string, use: ColumnUse) => uses.set(name, (uses.get(name) ?? new Set()).add(use));
  const ofWeights = new Set<string>();
  if (weights) visitColumns(weights, (name) => ofWeights.add(name));
  const { terms, offsets, groups } = formulaTerms(formula, columnNames, ofWeights);
  for (const factor of groups.flatMap(({ by }) => by)) {
    if (factor.expression.kind === "column") add(factor.expression.name, "groups");
    else visitUses(factor.expression, add);
  }
  const slopes = groups.flatMap((group) => group.terms);
  for (const factor of [...terms, ...slopes].flatMap((term) => term.factors)) {
    const { wrapper, expression } = factor;
    if (isWordCount(factor)) visitColumns(expression, (name) => add(name, "words"));
    else if (wrapper === "C" && expression.kind === "column") add(expression.name, "levels");
    else visitUses(expression, add);
  }
  for (const expression of weights ? [...offsets, weights] : offsets) visitUses(expression, add);
  if (formula.target.kind === "column") add(formula.target.name, "target");
  else visitUses(formula.target, add);
  return uses;
}

function visitUses(expression: Expression, add: (name: string, use: ColumnUse) => void): void {
  if (expression.kind === "column") add(expression.name, "plain");
  else if (expression.kind === "unary") visitUses(expression.operand, add);
  else if (expression.kind === "call") for (const argument of expression.args) visitUses(argument, add);
  else if (expression.kind === "binary") {
    const sides = [expression.left, expression.right];
    const isOfTexts = sides.some(({ kind }) => kind === "string");
    for (const side of sides) {
      if (isOfTexts && side.kind === "column") add(side.name, "levels");
      else visitUses(side, add);
    }
  }
}
