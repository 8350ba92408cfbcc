import { InputError } from "../../errors.ts";
import { hasScale } from "../../families/families.ts";
import { requireComputableOffset } from "../../table/computable.ts";
import type { CompiledFormula } from "../compile-formula.ts";
import type { DesignColumn, DesignOptions } from "../design-types.ts";
import type { FirstPass } from "../row-statistics.ts";
import type { FinishedTarget } from "../target/target-types.ts";
import type { TermRows } from "../term-rows.ts";
import { type ChosenColumns, chooseColumns } from "./columns.ts";

export const intercept: DesignColumn = {
  name: "Intercept",
  term: "Intercept",
  mean: 0,
  scale: 1,
  isIntercept: true,
  isIndicator: false,
};

/** @throws InputError where target or offset do not suit the family */
export function finishTarget(
  { target, offset, expanded }: CompiledFormula,
  { offsetMean, largestOffset }: FirstPass,
  { family, standardize = "auto" }: DesignOptions,
): FinishedTarget {
  const finished = target.finish(family, { standardize, hasIntercept: expanded.hasIntercept, offsetMean });
  if (offset && finished.family === "categorical")
    throw new InputError(
      "offset() adds to the one linear predictor of a row, and the categorical family has one for every class; leave it out, or make two classes for the bernoulli family.",
    );
  const isOfNumbers = hasScale(finished.family);
  requireComputableOffset(largestOffset / finished.target.scale, isOfNumbers);
  return finished;
}

/** @throws InputError where there is no column */
export function columnsOf(
  { expanded: { hasIntercept } }: CompiledFormula,
  terms: readonly TermRows[],
  numRows: number,
  { standardize, allLevels = false }: DesignOptions,
): { readonly chosen: ChosenColumns; readonly columns: readonly DesignColumn[] } {
  const standardized = standardize !== "none";
  const chosen = chooseColumns(terms, { numRows, hasIntercept, standardized, allLevels });
  const columns = hasIntercept ? [...chosen.columns, intercept] : chosen.columns;
  if (columns.length > 0) return { chosen, columns };
  const because = chosen.leftOut.length > 0 ? `: ${chosen.leftOut.join(", ")} has the same value in every row` : "";
  throw new InputError(`The formula leaves nothing to estimate${because}; add a term or the intercept.`);
}
