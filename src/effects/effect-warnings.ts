import { warningsOf } from "../prediction/prediction-warnings.ts";
import type { ModelRecipe } from "../prediction/predictive-fit.ts";
import { formatCount } from "../table/table-source.ts";
import { percent } from "../wording.ts";
import type { EffectEstimate } from "./estimates.ts";
import type { VariedRowReader } from "./varied-rows.ts";

/** What the rows of effects were, and how many. */
interface EffectRows {
  readonly reader: VariedRowReader;
  readonly recipe: ModelRecipe;
  readonly newLevels: ReadonlyMap<string, number>;
  readonly numVariants: number;
  readonly rows: { readonly rows: number; readonly sampledRows: number };
  readonly isSample: boolean;
}

/** An error of this share of an sd moves an interval's ends, and widens it, by less than people see. */
const smallError = 0.1;

/** Sentences on what effects leave out, or are not sure of. */
export function warningsOfEffects(
  effects: readonly EffectEstimate[],
  { reader, recipe, newLevels, numVariants, rows, isSample }: EffectRows,
): string[] {
  const { encoder } = reader;
  // Each row is predicted once in every variant.
  const perRow = new Map([...newLevels].map(([name, count]) => [name, Math.ceil(count / numVariants)]));
  const { missing, missingRows, levels } = encoder;
  const about = { missing, missingRows, levels, newCombinations: 0, unusableTargets: new Map<string, number>() };
  const warnings = warningsOf(about, recipe, perRow);
  if (reader.withoutGroup > 0)
    warnings.push(
      `${formatCount(reader.withoutGroup)} rows are of no group, as a value of it is missing, and left out.`,
    );
  if (reader.newCombinations > 0)
    warnings.push(
      `${formatCount(reader.newCombinations)} predictions (rows times values) are of levels that no row of the fit has together: made without a coefficient for it.`,
    );
  const worst = Math.max(0, ...effects.map(({ rowError, sd }) => (sd > 0 ? rowError / sd : 0)));
  if (isSample && worst > smallError)
    warnings.push(
      `Averaging over ${formatCount(rows.sampledRows)} of ${formatCount(rows.rows)} rows has an error of up to ${percent(worst)} of an sd: give more --rows, or --rows all.`,
    );
  if (effects.some(({ estimate }) => !Number.isFinite(estimate)))
    warnings.push("A ratio has no bounds where what it divides by may be 0: such results are empty; take differences.");
  return warnings;
}
