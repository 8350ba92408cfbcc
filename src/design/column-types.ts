export interface DesignColumn {
  /** `x`, `log(x)`, `weekday[Tuesday]`, `C(hour)[7]`, `x:weekday[Tuesday]`, `words(text)[good]`, `Intercept`. */
  readonly name: string;
  /** The term of the formula that the column belongs to; "Intercept" for the intercept. */
  readonly term: string;
  /** The stored value is (value − mean)/scale; 0 and 1 where the column is not standardised. */
  readonly mean: number;
  readonly scale: number;
  readonly isIntercept: boolean;
  /** Whether the column is 0 or 1 before standardising: an indicator of a level, or of several levels at once. */
  readonly isIndicator: boolean;
  /** Whether the column is one of all levels of a categorical term, which are told apart from the intercept by their prior. */
  readonly isOfLevels?: boolean;
}

/** How a column of a term's part follows from the levels of its categorical factors. */
export interface RecipeColumn {
  /** The level of each of the block's factors, in the order of its `coding`; empty where there is none. */
  readonly levels: readonly string[];
  /** Its place among the recipe's columns; −1 where it was left out, as it was constant. */
  readonly column: number;
}

/** The columns of a part of a term: at most one is not 0 in a row, unless they count words. */
export interface RecipeBlock {
  readonly term: string;
  /** Name and coding of the factors whose levels tell the columns apart, words being levels; "reduced": without the first. */
  readonly coding: readonly (readonly [factor: string, coding: "full" | "reduced"])[];
  readonly columns: readonly RecipeColumn[];
}
