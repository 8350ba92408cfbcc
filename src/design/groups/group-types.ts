import type { DesignColumn } from "../column-types.ts";

/** How the levels of the grouping factors lie among each other, as it is found in the data. */
export type GroupStructure = "single" | "nested" | "crossed";

/** What a design has of the group terms of its formula, such as (1 + x | g). */
export interface GroupDesign {
  /**
   * Nested factors from the outermost to the innermost: each one's levels lie within one level of the factor before it.
   * Others in the order of the formula.
   */
  readonly factors: readonly GroupingFactor[];
  readonly structure: GroupStructure;
  /** The factor, by its place in `factors`, by whose levels the rows are sorted: the innermost, or the one of most levels. */
  readonly sortedBy: number;
  /**
   * E columns of slopes that are not among the D columns of the fixed effects. They stand in the rows after these, from
   * column D on, standardised as they would be among them.
   */
  readonly extraColumns: readonly DesignColumn[];
}

/** A factor whose levels have effects of their own. */
export interface GroupingFactor {
  /** `Subject`, `a:b`; a column's plain name, in C() or not. */
  readonly name: string;
  readonly numLevels: number;
  /** The name of a level, made when it is asked for. */
  levelName(level: number): string;
  /**
   * N: the level of each row, in the order of the rows in memory. The levels of a factor that orders the rows ascend. Where the rows are
   * elsewhere, of each group in place of its rows.
   */
  readonly levelOf: Uint32Array;
  /** Independent of each other. */
  readonly terms: readonly GroupTerm[];
}

/** Effects of a factor's levels that are correlated among each other. */
export interface GroupTerm {
  /** `(1 + Days | Subject)`; of (x || g), which is two terms, `(1 | g)` and `(0 + x | g)`. */
  readonly text: string;
  /** Whether there are correlations: there is more than one effect. */
  readonly isCorrelated: boolean;
  readonly effects: readonly GroupEffect[];
}

/** What of a row is multiplied by a level's effect: the stored value of a column is (value − mean)/scale. */
export interface GroupEffect {
  /** `Intercept`, `Days`, `treatment[b]` */
  readonly name: string;
  /** The row's column, from 0 to D + E − 1; −1: the constant 1. */
  readonly column: number;
  /** Of the constant 0. */
  readonly mean: number;
  /** Of the constant 1. */
  readonly scale: number;
}
