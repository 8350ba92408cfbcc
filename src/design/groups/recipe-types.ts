import type { RecipeBlock } from "../column-types.ts";
import type { GroupStructure } from "./group-types.ts";

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
