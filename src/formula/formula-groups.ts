import type { Effects, Sum, Term } from "./expand-terms.ts";
import { type Expression, type Factor, type Formula, type GroupTree, type TermTree, visitColumns } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { expressionText, factorName, groupText } from "./formula-text.ts";
import { isWordCount } from "./words.ts";

/** Effects that vary from level to level of one grouping factor. */
export interface FormulaGroup extends Effects {
  /** `(1 + x | a:b)` */
  readonly text: string;
  /** The grouping factor: the product of these, each a column, or an expression in C(). */
  readonly by: readonly Factor[];
  /** Its name: `a:b`, of C(code) as of code `code`. */
  readonly name: string;
  readonly isCorrelated: boolean;
  readonly at: number;
}

/** The group terms of a formula's right side as they were written. */
export function groupTreesOf(terms: TermTree): readonly GroupTree[] {
  if (terms.kind === "group") return [terms];
  return terms.kind === "sum" ? terms.parts.flatMap(({ term }) => (term.kind === "group" ? [term] : [])) : [];
}

/**
 * The group terms of a formula, those within each other taken apart: (1 | a/b) is (1 | a) + (1 | a:b).
 * @param effectsOf What a sum of effects is, in which 1 stands where it is not taken away
 * @throws InputError where a group term is taken away, has no effects or such as cannot vary, or is there twice
 */
export function groupsOf(
  { text, target, terms }: Formula,
  effectsOf: (effects: Sum) => Effects,
): readonly FormulaGroup[] {
  const parts = terms.kind === "sum" ? terms.parts : [];
  const removed = parts.find(({ sign, term }) => sign === "-" && term.kind === "group")?.term as GroupTree | undefined;
  if (removed) throw formulaError(text, removed.at, "a group term is only added; leave it out instead.");
  const groups = groupTreesOf(terms).flatMap((tree) => {
    refuseOthersThanSlopes(tree, text);
    const effects = effectsOf(tree.effects);
    if (!effects.hasIntercept && effects.terms.length === 0)
      throw formulaError(text, tree.at, `${groupText(tree)} has no effect that varies; write (1 | …) or (0 + x | …).`);
    refuseTarget(tree, effects.terms, target, text);
    for (const factor of tree.by.flat()) requireGroupingColumn(factor, text);
    return tree.by.map((_, depth): FormulaGroup => {
      const by = distinct(tree.by.slice(0, depth + 1).flat());
      const name = by.map(groupingName).join(":");
      return {
        ...effects,
        text: groupText({ ...tree, by: [by] }),
        by,
        name,
        isCorrelated: tree.isCorrelated,
        at: tree.at,
      };
    });
  });
  refuseTwice(groups, text);
  return groups;
}

/** The name of a grouping factor's column, which is the same in C(). */
export function groupingName({ expression }: Factor): string {
  return expression.kind === "column" ? expression.name : expressionText(expression);
}

function distinct(factors: readonly Factor[]): Factor[] {
  return [...new Map(factors.map((factor) => [groupingName(factor), factor])).values()];
}

/** @throws InputError where what varies is an offset, a dot, words or a group term itself */
function refuseOthersThanSlopes({ effects }: GroupTree, text: string): void {
  const visit = (tree: TermTree): void => {
    if (tree.kind === "sum") for (const { term } of tree.parts) visit(term);
    else if (tree.kind === "cross" || tree.kind === "interaction") [tree.left, tree.right].forEach(visit);
    else if (tree.kind === "power") visit(tree.base);
    else if (tree.kind === "dot")
      throw formulaError(text, tree.at, "a dot stands for no slopes; name those that vary, as in (1 + x | g).");
    else if (tree.kind === "group") throw formulaError(text, tree.at, "a group term stands in no other.");
    else if (tree.kind === "factor" && isWordCount(tree))
      throw formulaError(text, tree.at, "words() is many columns, and does not vary by group.");
  };
  visit(effects);
}

/** @throws InputError where the target varies by group, or is the group */
function refuseTarget(tree: GroupTree, slopes: readonly Term[], target: Expression, text: string): void {
  const targets = new Set<string>();
  visitColumns(target, (name) => targets.add(name));
  const refuse = (sentence: string) => (name: string, at: number) => {
    if (targets.has(name)) throw formulaError(text, at, `"${name}" is the target; ${sentence}`);
  };
  for (const { factors } of slopes)
    for (const { expression } of factors) visitColumns(expression, refuse("a slope that varies is of another column."));
  for (const { expression } of tree.by.flat()) visitColumns(expression, refuse("rows are grouped by another column."));
}

/** @throws InputError where a grouping factor is neither a column nor in C() */
function requireGroupingColumn({ wrapper, expression, reference, at }: Factor, text: string): void {
  if (reference)
    throw formulaError(text, reference.at, "the levels of a grouping factor are compared with no reference.");
  if (wrapper === "C" && !(expression.kind === "call" && expression.name === "C")) return;
  if (wrapper === "" && expression.kind === "column") return;
  const sentence = `rows are grouped by a column, or by an expression in C(), as in (1 | C(${expressionText(expression)})).`;
  throw formulaError(text, at, sentence);
}

/** @throws InputError where an effect varies by the same factor in two terms, which cannot be told apart */
function refuseTwice(groups: readonly FormulaGroup[], text: string): void {
  const seen = new Map<string, FormulaGroup>();
  for (const group of groups) {
    const factor = [...group.by.map(groupingName)].sort().join("\n");
    const effects = group.terms.map(({ factors }) => factors.map(factorName).sort().join(":"));
    for (const effect of group.hasIntercept ? ["1", ...effects] : effects) {
      const key = `${factor}\n\n${effect}`;
      const other = seen.get(key);
      if (other) {
        const what = effect === "1" ? "the intercept" : effect;
        throw formulaError(
          text,
          group.at,
          `${what} varies by ${group.name} in ${other.text} and in ${group.text}; leave one of them out, as in (0 + x | ${group.name}).`,
        );
      }
      seen.set(key, group);
    }
  }
}
