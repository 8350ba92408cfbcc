import type { DesignRecipe, RecipeBlock, RecipeInput } from "../design/design-types.ts";
import type { RecipeLevels } from "../design/groups/recipe-types.ts";
import { InputError } from "../errors.ts";
import { type Expression, type Factor, parseFormula, visitColumns } from "../formula/formula.ts";
import { distinctTerms, formulaTerms } from "../formula/formula-terms.ts";
import { factorName } from "../formula/formula-text.ts";
import { isWordCount } from "../formula/words.ts";
import { suggestion } from "../suggest.ts";

/** A column of the data that a fit's linear predictors depend on. */
export interface EffectColumn extends RecipeInput {
  /** What its values are: "text" where words of it are counted. */
  readonly kind: "number" | "factor" | "text";
  /** The levels of a factor, the one first that others are compared with. */
  readonly levels: readonly string[];
  /** Whether it groups the rows: levels that the fit has not seen are those of new groups. */
  readonly isGrouping: boolean;
  /** A step that it stands in, such as `x > 3`, where slopes say nothing. */
  readonly step?: string;
  /** Whether the fit has a coefficient, or effects of groups, that it takes part in. */
  readonly tells: boolean;
}

/** The columns of a fit by their names, and those that are read in other ways. */
export interface EffectColumns {
  readonly columns: ReadonlyMap<string, EffectColumn>;
  readonly offsets: ReadonlySet<string>;
  readonly targets: ReadonlySet<string>;
}

/** Whether a factor's levels are those of a column. */
function isLevelsOf({ wrapper, expression }: Factor, { name, type }: RecipeInput): boolean {
  return expression.kind === "column" && expression.name === name && (wrapper === "C" || type !== "number");
}

export function effectColumns(recipe: DesignRecipe): EffectColumns {
  const formula = parseFormula(recipe.terms);
  const { terms, offsets, groups } = formulaTerms(formula, []);
  const all = distinctTerms([...terms, ...groups.flatMap((group) => group.terms)]);
  const by = groups.flatMap((group) => group.by);
  const telling = new Set(
    [...recipe.blocks, ...(recipe.groups?.blocks ?? [])].filter(hasColumn).map(({ term }) => term),
  );
  const columns = new Map<string, EffectColumn>();
  for (const input of recipe.inputs) {
    const isOf = ({ expression }: Factor) => namesOf(expression).has(input.name);
    const own = all.filter(({ factors }) => factors.some(isOf));
    const factors = own.flatMap((term) => term.factors).filter(isOf);
    const isGrouping = by.some(isOf);
    if (factors.length === 0 && !isGrouping && !offsets.some((expression) => namesOf(expression).has(input.name)))
      continue;
    const categorical = factors.find((factor) => !isWordCount(factor) && isLevelsOf(factor, input));
    const ofGroups = isGrouping ? levelsOfGroup(recipe, input.name) : undefined;
    const levels = (categorical && recipe.levels[factorName(categorical)]) ?? ofGroups ?? levelsOf(input);
    const kind = levels ? "factor" : input.type === "number" ? "number" : "text";
    const step = stepOf(factors, input.name);
    const tells = isGrouping || own.some(({ name }) => telling.has(name));
    columns.set(input.name, { ...input, kind, levels: levels ?? [], isGrouping, tells, ...(step && { step }) });
  }
  const namesIn = (expressions: readonly Expression[]) => new Set(expressions.flatMap((own) => [...namesOf(own)]));
  return { columns, offsets: namesIn(offsets), targets: namesIn([formula.target]) };
}

const hasColumn = ({ columns }: RecipeBlock) => columns.some(({ column }) => column >= 0);

function namesOf(expression: Expression): Set<string> {
  const names = new Set<string>();
  visitColumns(expression, (name) => names.add(name));
  return names;
}

/** Of a column whose levels the formula does not code by itself, as in I(city == "Rome"). */
function levelsOf({ type, texts }: RecipeInput): readonly string[] | undefined {
  return type === "boolean" ? ["false", "true"] : texts;
}

function levelsOfGroup({ groups }: DesignRecipe, name: string): readonly string[] | undefined {
  const found = groups?.factors.flatMap(({ columns }) => columns).find((column) => column.name === name);
  return found && textsOf(found.levels);
}

function textsOf(levels: RecipeLevels): string[] {
  if (levels.kind === "range") return Array.from({ length: levels.count }, (_, k) => String(levels.first + k));
  return levels.values.map((value) => (levels.kind === "boolean" ? String(value !== 0) : String(value)));
}

const stepFunctions = new Set(["ceil", "floor", "round", "sign", "trunc"]);

/** The first step among factors in which the column stands: a comparison, a rounding, a remainder, or levels made of numbers. */
function stepOf(factors: readonly Factor[], name: string): string | undefined {
  const isStep = (expression: Expression): boolean => {
    if (!namesOf(expression).has(name)) return false;
    switch (expression.kind) {
      case "binary":
        if (!["+", "-", "*", "/", "^"].includes(expression.operator)) return true;
        return isStep(expression.left) || isStep(expression.right);
      case "unary":
        return expression.operator === "not" || isStep(expression.operand);
      case "call":
        return stepFunctions.has(expression.name) || expression.args.some(isStep);
      default:
        return false;
    }
  };
  const found = factors.find((factor) => factor.wrapper === "C" || isStep(factor.expression));
  return found && factorName(found);
}

/**
 * The column of that name.
 * @throws InputError where the linear predictors do not depend on a column of that name, and what it is instead
 */
export function requireColumn({ columns, targets }: EffectColumns, name: string): EffectColumn {
  const column = columns.get(name);
  if (column) return column;
  const known = [...columns.keys()];
  if (targets.has(name))
    throw new InputError(
      `"${name}" is the target, which has no effect on itself: name a column of the right side of the formula.`,
    );
  throw new InputError(
    `The formula reads no column "${name}" (one that weights alone read has no effect); ${suggestion(name, known, "its columns are")}`,
  );
}

/** The same of a column whose effect is asked for. @throws InputError where it has none that the fit could tell */
export function requireEffect(own: EffectColumns, name: string): EffectColumn {
  const column = requireColumn(own, name);
  if (own.offsets.has(name))
    throw new InputError(
      `"${name}" is in the offset, whose coefficient is 1 and not estimated, so the fit tells nothing of its effect; set it by --at, or ask for another column.`,
    );
  if (!column.tells)
    throw new InputError(
      `"${name}" had the same value in every row of the fit, so it has no coefficient, and the fit tells nothing of its effect.`,
    );
  return column;
}
