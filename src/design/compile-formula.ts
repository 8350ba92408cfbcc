import { type ExpressionScope, findColumn } from "../formula/expression.ts";
import { type Expression, type Factor, type Formula, visitColumns } from "../formula/formula.ts";
import { type FormulaTerms, formulaTerms } from "../formula/formula-terms.ts";
import { trialsTarget } from "../formula/trials.ts";
import { isWordCount, textColumns } from "../formula/words.ts";
import type { ColumnInfo } from "../table/table-source.ts";
import type { DesignOptions } from "./design-types.ts";
import { groupingTexts } from "./groups/grouping-columns.ts";
import { compileOffset, compileWeights, type RowNumbers } from "./recipe/row-numbers.ts";
import { compileTarget } from "./target/target.ts";
import type { TargetReader } from "./target/target-types.ts";
import { trialWeights } from "./target/trials.ts";

/** A formula, with its weights, over the columns of a table. */
export interface CompiledFormula {
  readonly scope: ExpressionScope;
  readonly expanded: FormulaTerms;
  /** Of all terms, and of the slopes of group terms. */
  readonly factors: readonly Factor[];
  readonly target: TargetReader;
  readonly offset?: RowNumbers;
  readonly weights?: { readonly expression: Expression; readonly read: RowNumbers };
  /** The columns that are read, and of these the ones that are read as whole texts. */
  readonly names: readonly string[];
  readonly texts: ReadonlySet<string>;
}

/** @throws InputError where the formula or its weights do not fit the table */
export function compileFormula(
  formula: Formula,
  columns: readonly ColumnInfo[],
  options: Pick<DesignOptions, "event" | "weights">,
): CompiledFormula {
  const scope = { text: formula.text, columns: new Map(columns.map((info) => [info.name, info])) };
  const target = compileTarget(formula, scope, { event: options.event });
  const own = options.weights === undefined ? undefined : compileWeights(options.weights, scope.columns);
  const trials = trialsTarget(formula.target, scope.text);
  const weights = trials ? trialWeights(trials, scope, own) : own;
  const names = new Set<string>();
  const use = (expression: Expression) => visitColumns(expression, (name) => names.add(name));
  if (own) use(own.expression);
  const expanded = formulaTerms(formula, [...scope.columns.keys()], names);
  const offset = compileOffset(expanded.offsets, scope);
  for (const expression of [formula.target, ...expanded.offsets]) use(expression);
  const slopes = expanded.groups.flatMap((group) => group.terms);
  const factors = [...expanded.terms, ...slopes].flatMap((term) => term.factors);
  for (const factor of factors) {
    visitColumns(factor.expression, (name, at) => {
      findColumn(name, at, scope);
      if (!isWordCount(factor)) names.add(name);
    });
  }
  const by = expanded.groups.flatMap((group) => group.by);
  const texts = new Set([...textColumns(factors, names), ...groupingTexts(by, names, scope)]);
  for (const { expression } of by) visitColumns(expression, (name, at) => names.add(findColumn(name, at, scope).name));
  return { scope, expanded, factors, target, offset, weights, names: [...new Set([...names, ...texts])], texts };
}
