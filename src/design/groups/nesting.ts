import type { Factor } from "../../formula/formula.ts";
import { type FormulaGroup, groupingName } from "../../formula/formula-groups.ts";
import { factorKey } from "./group-levels.ts";

/** The columns by which a formula groups rows, those of the outer factor first: of (1 | a/b) a, and within it b. */
export interface Nesting {
  readonly by: readonly Factor[];
  /** How many of them are the outer factor's, where two are nested; otherwise all are the only factor's. */
  readonly numOuter?: number;
}

/**
 * How the factors of group terms lie within each other by their names: the columns of one are among those of the other. Undefined
 * where they do not, or are more than two. Factors that are nested in the data alone are not seen: rows are grouped before they
 * are read.
 */
export function nestingOf(groups: readonly Pick<FormulaGroup, "by">[]): Nesting | undefined {
  const factors = new Map(groups.map(({ by }) => [factorKey(by.map(groupingName)), by]));
  const [inner, outer, ...others] = [...factors.values()].sort((a, b) => b.length - a.length);
  if (!outer) return inner && { by: inner };
  const names = new Set(outer.map(groupingName));
  const within = inner.filter((factor) => !names.has(groupingName(factor)));
  if (others.length > 0 || within.length !== inner.length - outer.length || within.length === 0) return undefined;
  return { by: [...outer, ...within], numOuter: outer.length };
}
