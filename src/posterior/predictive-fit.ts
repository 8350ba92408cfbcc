import type { Design, DesignRecipe } from "../data/design.ts";
import type { Auxiliary } from "../families/family.ts";
import type { Model } from "../models/model.ts";
import type { NamedDraws } from "./coefficients.ts";

/** What a fit knows of its model, as plain JSON: together with its draws enough to predict other rows. */
export interface ModelRecipe extends DesignRecipe {
  /** Whether the first of the classes of a categorical target has η = 0 and no coefficients. */
  readonly hasReference: boolean;
  /** The auxiliary parameters that were fixed rather than learned, on the data's own scale. */
  readonly fixed: { readonly [name in Auxiliary["name"]]?: number };
}

/** What predictions are made from: the result of a fit, or what was saved of it. */
export interface PredictiveFit {
  readonly recipe: ModelRecipe;
  /** Draws of every coefficient on the original scale, in the order of the fit's coefficients: one array a chain. */
  readonly draws: NamedDraws;
}

export function modelRecipe({ recipe, target }: Design, model: Model): ModelRecipe {
  const { family, auxiliaries, fixedTau, hasReference } = model;
  const fixed = family.auxiliaries.flatMap(({ name, isScale }, place) => {
    if (auxiliaries.some((learned) => learned.place === place)) return [];
    return [[name, Math.exp(fixedTau[place]) * (isScale ? target.scale : 1)] as const];
  });
  return { ...recipe, hasReference, fixed: Object.fromEntries(fixed) };
}
