import type { RecipeBlock } from "../design-types.ts";
import { recipeBlock } from "../recipe/design-recipe.ts";
import type { FactorOfLevels } from "./group-levels.ts";
import type { GroupedRows } from "./group-rows.ts";
import type { GroupStructure } from "./group-types.ts";
import type { SortedLevels } from "./grouping-columns.ts";

/** The levels of a grouping column in their order: whole numbers one after the other from the first on, or all of them. */
export type RecipeLevels =
  | { readonly kind: "range"; readonly first: number; readonly count: number }
  | { readonly kind: "number" | "boolean"; readonly values: readonly number[] }
  | { readonly kind: "text"; readonly values: readonly string[] };

/** A grouping factor of a recipe. */
export interface RecipeFactor {
  readonly name: string;
  readonly numLevels: number;
  readonly columns: readonly { readonly name: string; readonly levels: RecipeLevels }[];
  /** For each column the place among its levels of every level of the factor; left out where that is the level's number. */
  readonly places?: readonly (readonly number[])[];
  readonly terms: readonly {
    readonly text: string;
    readonly isCorrelated: boolean;
    /** `slope`: which of the recipe's slopes; −1: the constant 1. */
    readonly effects: readonly { readonly name: string; readonly slope: number }[];
  }[];
}

/** What other rows need to be matched with the groups of a fit, as plain JSON. */
export interface RecipeGroups {
  readonly structure: GroupStructure;
  readonly factors: readonly RecipeFactor[];
  /** The columns that vary, on the scale on which the rows have them: (value − mean)/scale. */
  readonly slopes: readonly { readonly name: string; readonly mean: number; readonly scale: number }[];
  /** What fills the slopes, as the recipe's blocks fill its columns. */
  readonly blocks: readonly RecipeBlock[];
}

export function recipeGroupsOf({ design, levels, columns }: GroupedRows): RecipeGroups {
  const { places, blocks } = columns.slopes;
  const effects = design.factors.flatMap(({ terms }) => terms.flatMap((term) => term.effects));
  const slopes = places.map((place) => {
    const { name, mean, scale } = effects.find(({ column }) => column === place)!;
    return { name, mean, scale };
  });
  return {
    structure: design.structure,
    factors: design.factors.map(({ name, numLevels, terms }, f) => ({
      name,
      numLevels,
      ...levelsOf(levels.factors[f]),
      terms: terms.map(({ text, isCorrelated, effects }) => ({
        text,
        isCorrelated,
        effects: effects.map(({ name, column }) => ({ name, slope: places.indexOf(column) })),
      })),
    })),
    slopes,
    blocks: blocks.map(recipeBlock),
  };
}

function levelsOf({ columns, columnNames, numLevels, placeOf, isInOrder }: FactorOfLevels) {
  return {
    columns: columns.map((levels, c) => ({ name: columnNames[c], levels: compact(levels) })),
    ...(!isInOrder && {
      places: columns.map((_, c) => Array.from({ length: numLevels }, (_, level) => placeOf(level, c))),
    }),
  };
}

function compact({ kind, values }: SortedLevels): RecipeLevels {
  if (kind === "text") return { kind, values };
  const isRange = kind === "number" && values.every((value, k) => value === values[0] + k);
  if (isRange && Number.isInteger(values[0])) return { kind: "range", first: values[0], count: values.length };
  return { kind, values: Array.from(values) };
}
