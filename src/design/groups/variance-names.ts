import type { RecipeGroups } from "./recipe-types.ts";

/** `sd(Subject)[Intercept]`, …, then `cor(Subject)[Intercept,Days]`, row by row below the diagonal of the correlation matrix. */
export function varianceNames(factor: string, effects: readonly string[]): string[] {
  const sds = effects.map((effect) => `sd(${factor})[${effect}]`);
  const correlations = effects.flatMap((effect, i) =>
    effects.slice(0, i).map((other) => `cor(${factor})[${other},${effect}]`),
  );
  return [...sds, ...correlations];
}

/** Those of all group terms, in their order. */
export function allVarianceNames({ factors }: Pick<RecipeGroups, "factors">): string[] {
  return factors.flatMap(({ name, terms }) =>
    terms.flatMap(({ effects }) =>
      varianceNames(
        name,
        effects.map((effect) => effect.name),
      ),
    ),
  );
}
