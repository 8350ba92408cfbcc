import { InputError } from "../errors.ts";
import type { ModelRecipe, PredictiveFit } from "../prediction/predictive-fit.ts";

/** What predictions are made from, in plain data. */
export interface PlainFit {
  readonly recipe: ModelRecipe;
  readonly draws: readonly (readonly [name: string, chains: readonly (readonly number[])[]])[];
}

/** @throws InputError where the fit has effects of groups, which are not sent to executors */
export function plainFit({ recipe, draws, groupEffects }: PredictiveFit, groups: string | undefined): PlainFit {
  if (groupEffects && groups !== "population" && groups !== "new")
    throw new InputError(
      "With --engine a multilevel fit predicts new groups or the population, and not the groups that it knows: give --groups new or population, or predict without --engine.",
    );
  const plain = [...draws].map(([name, chains]) => [name, chains.map((chain) => Array.from(chain))] as const);
  return { recipe, draws: plain };
}

export function fitOf({ recipe, draws }: PlainFit): PredictiveFit {
  return { recipe, draws: new Map(draws.map(([name, chains]) => [name, chains.map((c) => Float64Array.from(c))])) };
}
