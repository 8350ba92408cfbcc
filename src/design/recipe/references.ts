import type { DesignRecipe } from "../design-types.ts";

/**
 * The level that the coefficients of each categorical factor compare with. A factor that has a column for every one of its
 * levels, as in a design without intercept, has none.
 */
export function referencesOf({ blocks, levels }: Pick<DesignRecipe, "blocks" | "levels">): Record<string, string> {
  const reduced = blocks
    .filter(({ columns }) => columns.some(({ column }) => column >= 0))
    .flatMap(({ coding }) => coding.flatMap(([factor, how]) => (how === "reduced" ? [factor] : [])));
  // In the order of the formula, in which the levels are.
  const factors = Object.keys(levels).filter((factor) => reduced.includes(factor));
  return Object.fromEntries(factors.map((factor) => [factor, levels[factor][0]]));
}
