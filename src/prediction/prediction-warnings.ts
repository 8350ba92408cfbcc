import type { RowEncoder } from "../design/recipe/encode-rows.ts";
import { isCountFamily } from "../families/families.ts";
import { listed } from "../suggest.ts";
import { formatCount } from "../table/table-source.ts";
import type { ModelRecipe } from "./predictive-fit.ts";

/** Sentences on the rows so far that were predicted in part, or not at all. */
export function warningsOf(
  encoder: Pick<RowEncoder, "missing" | "missingRows" | "levels" | "newCombinations" | "unusableTargets">,
  { family, target }: ModelRecipe,
  newLevels: ReadonlyMap<string, number>,
): string[] {
  const rows = (count: number) => (count === 1 ? "1 row" : `${formatCount(count)} rows`);
  const warnings: string[] = [];
  if (encoder.missingRows > 0) {
    const most = [...encoder.missing].sort((a, b) => b[1] - a[1]).slice(0, 3);
    const where = listed(
      most.map(([name, count]) => `"${name}" (${formatCount(count)})`),
      "and",
    );
    warnings.push(`${rows(encoder.missingRows)} without a prediction: a value is missing, in ${where}.`);
  }
  for (const [name, count] of encoder.levels.unknownRows)
    warnings.push(
      `${rows(count)} with a level of ${name} that no row of the fit has: predicted without a coefficient for it.`,
    );
  for (const [name, count] of newLevels)
    warnings.push(
      `${rows(count)} with a level of ${name} that no row of the fit has: predicted as of a new one, over all effects that it may have.`,
    );
  if (encoder.newCombinations > 0)
    warnings.push(
      `${rows(encoder.newCombinations)} with levels that no row of the fit has together: predicted without a coefficient for it.`,
    );
  if (encoder.unusableTargets.size > 0) {
    const count = [...encoder.unusableTargets.values()].reduce((sum, value) => sum + value, 0);
    const values = listed(
      [...encoder.unusableTargets.keys()].slice(0, 3).map((level) => `"${level}"`),
      "and",
    );
    const isNumber = target.kind === "number";
    const number = isCountFamily(family)
      ? "a count is a whole number of at least 0"
      : "the target has to be finite, and no larger than 1e100";
    const reason =
      target.kind === "trials"
        ? `no more trials succeed than there are, both whole numbers, and it is ${values}`
        : isNumber
          ? `${number}, and it is ${values}`
          : `the fit knows no class ${values}`;
    warnings.push(`${rows(count)} left out of the scores: ${reason}.`);
  }
  return warnings;
}
