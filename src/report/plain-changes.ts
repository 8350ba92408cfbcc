import { parseFormula, visitColumns } from "../formula/formula.ts";
import { formulaTerms } from "../formula/formula-terms.ts";
import type { ModelRecipe } from "../prediction/predictive-fit.ts";
import { code, type Html, html } from "./html.ts";
import { powerBelow } from "./numbers.ts";

/** A change of one column of the data that changes one column of the design alone, so that its coefficient says what it does. */
export interface PlainChange {
  /** The place of the design's column. */
  readonly column: number;
  /** "An increase of x by 1" */
  readonly words: Html;
  /** What the coefficient is multiplied by for this change. */
  readonly factor: number;
}

/**
 * The changes that can be told from a single coefficient: of columns that stand in one term alone, and in no offset; a term that is no
 * interaction, polynomial or count of words.
 */
export function plainChanges(recipe: ModelRecipe, references: Readonly<Record<string, string>>): PlainChange[] {
  const { terms, groups, offsets } = formulaTerms(parseFormula(recipe.terms), []);
  const columnsOf = new Map(
    terms.map(({ name, factors }) => {
      const names = new Set<string>();
      for (const { expression } of factors) visitColumns(expression, (own) => names.add(own));
      return [name, names] as const;
    }),
  );
  const uses = new Map<string, number>();
  for (const names of columnsOf.values()) for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const { by } of groups)
    for (const own of by) visitColumns(own.expression, (name) => uses.set(name, (uses.get(name) ?? 0) + 1));
  // What is added as it is changes with its columns, too.
  for (const expression of offsets) visitColumns(expression, (name) => uses.set(name, (uses.get(name) ?? 0) + 1));
  return terms.flatMap(({ name, factors }): PlainChange[] => {
    const [factor, ...others] = factors;
    const blocks = recipe.blocks.filter(({ term }) => term === name);
    const isAlone = [...(columnsOf.get(name) ?? [])].every((column) => uses.get(column) === 1);
    if (others.length > 0 || blocks.length !== 1 || !isAlone || factor.wrapper === "I") return [];
    const { expression } = factor;
    if (expression.kind === "call" && ["poly", "words"].includes(expression.name)) return [];
    const [{ coding, columns }] = blocks;
    if (coding.length === 1) return ofLevels(coding[0], columns, references);
    const column = columns[0]?.column ?? -1;
    if (coding.length > 1 || columns.length !== 1 || column < 0) return [];
    if (expression.kind === "call" && expression.name === "log" && expression.args[0].kind === "column")
      return [{ column, words: html`Doubling ${code(expression.args[0].name)}`, factor: Math.LN2 }];
    const typical = expression.kind === "column" ? recipe.inputs.find((own) => own.name === name)?.typical : undefined;
    const step = typical && "sd" in typical ? stepOf(typical.sd) : 1;
    return [
      {
        column,
        words: html`An increase of ${code(name)} by ${step.toLocaleString("en-US", { maximumFractionDigits: 20 })}`,
        factor: step,
      },
    ];
  });
}

/** 1 where that is neither tiny nor huge beside the column's sd, else the power of ten below that. */
const stepOf = (sd: number) => ((sd >= 0.3 && sd < 10) || !(sd > 0) ? 1 : powerBelow(sd));

function ofLevels(
  [factor, how]: ModelRecipe["blocks"][number]["coding"][number],
  columns: ModelRecipe["blocks"][number]["columns"],
  references: Readonly<Record<string, string>>,
): PlainChange[] {
  const reference = references[factor];
  if (how !== "reduced" || reference === undefined) return [];
  return columns
    .filter(({ column }) => column >= 0)
    .map(({ levels: [level], column }) => ({
      column,
      words: html`${code(factor)} being ${code(level)} rather than ${code(reference)}`,
      factor: 1,
    }));
}
