import type { Sum } from "../../formula/expand-terms.ts";
import { type Expression, type Factor, type Formula, type TermTree, visitColumns } from "../../formula/formula.ts";
import type { FormulaTerms } from "../../formula/formula-terms.ts";
import { formulaText } from "../../formula/formula-text.ts";
import type { ColumnInfo } from "../../table/table-source.ts";
import type { ColumnBlock } from "../columns/columns.ts";
import type {
  DesignColumn,
  DesignFamily,
  DesignRecipe,
  DesignTarget,
  RecipeBlock,
  RecipeColumn,
} from "../design-types.ts";
import type { RecipeGroups } from "../groups/recipe-types.ts";
import type { TypicalValues } from "./typical-values.ts";

/** The form of the recipes that are made here; a reader refuses any other. */
export const recipeVersion = 2;

/** What `recipeOf` needs of a design beside its formula. */
interface RecipeParts {
  readonly family: DesignFamily;
  readonly target: DesignTarget;
  readonly columns: readonly DesignColumn[];
  readonly blocks: readonly ColumnBlock[];
  /** Levels by categorical factor. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  readonly polynomials: DesignPolynomials;
  /** The levels of columns of text. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly groups?: RecipeGroups;
  readonly typical: Pick<TypicalValues, "of">;
  readonly fileTypes?: Readonly<Record<string, string>>;
}

type DesignPolynomials = ReadonlyMap<string, DesignRecipe["polynomials"][string]>;

/** The recipe of a design over a table with the given columns. */
export function recipeOf(
  formula: Formula,
  table: ReadonlyMap<string, ColumnInfo>,
  expanded: FormulaTerms,
  { family, target, columns, blocks, levels, polynomials, texts, groups, typical, fileTypes }: RecipeParts,
): DesignRecipe {
  const { hasIntercept, offsets } = expanded;
  const written = writtenOut(formula, expanded);
  const names = new Set<string>();
  for (const { expression } of [...factorsOf(expanded), ...expanded.groups.flatMap(({ by }) => by)])
    visitColumns(expression, (name) => names.add(name));
  for (const expression of offsets) visitColumns(expression, (name) => names.add(name));
  const features = new Set(names);
  visitColumns(formula.target, (name) => names.add(name));
  return {
    version: recipeVersion,
    formula: formula.text,
    terms: written,
    family,
    target,
    hasIntercept,
    hasOffset: offsets.length > 0,
    columns: columns.map(({ name, term }) => ({ name, term })),
    blocks: blocks.map(recipeBlock),
    levels: Object.fromEntries(levels),
    polynomials: Object.fromEntries(polynomials),
    ...(groups && { groups }),
    inputs: [...names].map((name) => {
      const { type, isTime } = table.get(name)!;
      const own = type === "string" && !hasLevels(name, formula, expanded) ? texts.get(name) : undefined;
      const usual = features.has(name) ? typical.of(name) : undefined;
      return { name, type, ...(isTime && { isTime }), ...(own && { texts: own }), ...(usual && { typical: usual }) };
    }),
    ...(fileTypes && { fileTypes }),
  };
}

/** Whether a column's texts are the levels of a factor, or of the target. */
function hasLevels(name: string, { target }: Formula, expanded: FormulaTerms): boolean {
  const isIt = (expression: Expression) => expression.kind === "column" && expression.name === name;
  return isIt(target) || factorsOf(expanded).some(({ expression }) => isIt(expression));
}

/** Of the terms, and of the slopes that vary. */
function factorsOf({ terms, groups }: FormulaTerms): readonly Factor[] {
  return [...terms, ...groups.flatMap((group) => group.terms)].flatMap(({ factors }) => factors);
}

/** The formula's text with every term by itself, in the order of the design. */
function writtenOut({ target }: Formula, { offsets, groups, ...fixed }: FormulaTerms): string {
  const parts: TermTree[] = [
    ...effectsOf(fixed),
    ...offsets.map((expression): TermTree => ({ kind: "offset", expression, at: 0 })),
    ...groups.map((group): TermTree => ({ ...group, kind: "group", effects: sumOf(effectsOf(group)), by: [group.by] })),
  ];
  return formulaText({ target, terms: sumOf(parts) });
}

function effectsOf({ hasIntercept, terms }: Pick<FormulaTerms, "hasIntercept" | "terms">): TermTree[] {
  const interaction = (left: TermTree, right: TermTree): TermTree => ({ kind: "interaction", left, right });
  const products = terms.map(({ factors: [first, ...others] }) => others.reduce<TermTree>(interaction, first));
  return [{ kind: hasIntercept ? "one" : "zero" }, ...products];
}

function sumOf(parts: readonly TermTree[]): Sum {
  return { kind: "sum", parts: parts.map((term) => ({ sign: "+", term })) };
}

export function recipeBlock({ term, part, columnOfCell }: ColumnBlock): RecipeBlock {
  // In the order of the term's own factors, so that levels are looked up by their places.
  const factors = term.categoricals.filter(({ name }) => part.has(name));
  const columns = new Map<string, RecipeColumn>();
  for (let cell = 0; cell < term.numCells; cell++) {
    if (!term.keeps(cell)) continue;
    const codes = term.codesOf(cell);
    const levels = factors.map((factor) => factor.label(codes[term.categoricals.indexOf(factor)]));
    columns.set(JSON.stringify(levels), { levels, column: columnOfCell[cell] });
  }
  const coding = factors.map(({ name }) => [name, part.get(name)!] as const);
  return { term: term.name, coding, columns: [...columns.values()] };
}
