import type { DesignRecipe } from "../design/design-types.ts";
import { rangeWord } from "./at-values.ts";
import { effectColumns } from "./effect-columns.ts";

/**
 * What a picture of the effect of one column of numbers shows unless told: predictions over its range. Nothing where the column is
 * no such, is set already, or its range is not known.
 * @returns the texts of `at`, with the range
 */
export function defaultCurve(
  recipe: DesignRecipe,
  { of = [], at = [] }: { readonly of?: readonly string[]; readonly at?: readonly string[] },
): readonly string[] | undefined {
  const column = of.length === 1 ? effectColumns(recipe).columns.get(of[0]) : undefined;
  if (column?.kind !== "number" || at.some((text) => text.trim().startsWith(`${column.name}=`))) return undefined;
  const { typical } = column;
  const isKnown = typical && "mean" in typical && typical.least !== undefined && typical.least !== typical.largest;
  return isKnown ? [...at, `${column.name}=${rangeWord}`] : undefined;
}
