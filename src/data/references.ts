import type { DesignRecipe } from "./design-types.ts";

/**
 * The level that the coefficients of each categorical factor compare with. A factor that has a column for every one of its
 * levels, as in a design without intercept, has none.
 */
export function referencesOf({ blocks, levels }: Pick<DesignRecipe, "blocks" | "levels">): Record<string, string> {
  const reduced = blocks
    .filter(({ columns }) => columns.some(({ column }) => column >= 0))
    .flatMap(({ coding }) => coding.filter(([, how]) => how === "reduced"));
  return Object.fromEntries(reduced.map(([factor]) => [factor, levels[factor][0]]));
}
