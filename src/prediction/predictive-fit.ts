import type { Design, DesignRecipe } from "../design/design-types.ts";
import { allVarianceNames } from "../design/groups/variance-names.ts";
import { classNames } from "../design/target/class-names.ts";
import { InputError } from "../errors.ts";
import { families } from "../families/families.ts";
import { kindOf, requireObject } from "../kinds.ts";
import type { Model } from "../models/model.ts";
import type { GroupEffects } from "./group-effects.ts";

/** What a fit knows about its model, as plain JSON. Together with the draws it suffices to predict other rows. */
export interface ModelRecipe extends DesignRecipe {
  /** Whether the first class of a categorical target is a reference class, with η = 0 and no coefficients. */
  readonly hasReference: boolean;
  /** The auxiliary parameters that were fixed rather than learned, on the data's own scale. */
  readonly fixed: Readonly<Partial<Record<string, number>>>;
}

/** Draws of one coefficient on the original scale, one array a chain. */
export type NamedDraws = ReadonlyMap<string, readonly Float64Array[]>;

/** What predictions are made from: the result of a fit, or a saved fit. */
export interface PredictiveFit {
  readonly recipe: ModelRecipe;
  /** Draws of every coefficient on the original scale, in the order of the fit's coefficients: one array a chain. */
  readonly draws: NamedDraws;
  /** The effects of groups, where the fit has kept them. */
  readonly groupEffects?: readonly GroupEffects[];
}

/** One array a chain. @throws InputError where the fit has no draws of a coefficient */
export function drawsOf({ draws }: Pick<PredictiveFit, "draws">, name: string): readonly Float64Array[] {
  const chains = draws.get(name);
  if (!chains) throw new InputError(`The fit has no draws of ${name}, so it predicts nothing; fit again.`);
  return chains;
}

/** @throws InputError where a value is not what predictions are made from */
export function requireFit(fit: unknown): asserts fit is PredictiveFit {
  requireObject(fit, "The fit", "the result of fit, importFit or loadFit");
  const { recipe, draws } = fit as Partial<Record<keyof PredictiveFit, unknown>>;
  requireObject(recipe, "The recipe of the fit", "the result of fit, importFit or loadFit");
  if (typeof (draws as NamedDraws | undefined)?.get !== "function")
    throw new InputError(
      `The draws of the fit are ${kindOf(draws)}, where a Map is wanted: JSON keeps no Map, so carry a fit by exportFit and importFit.`,
    );
}

export function modelRecipe({ recipe, target }: Design, model: Model): ModelRecipe {
  const { family, auxiliaries, fixedTau, hasReference } = model;
  const fixed = family.auxiliaries.flatMap(({ name, isScale }, index) => {
    if (auxiliaries.some((learned) => learned.index === index)) return [];
    return [[name, Math.exp(fixedTau[index]) * (isScale ? target.scale : 1)] as const];
  });
  return { ...recipe, hasReference, fixed: Object.fromEntries(fixed) };
}

/**
 * The names of a model's coefficients: a column's name (for a categorical target `target[level]:column`, class by class),
 * followed by the auxiliary parameters that are learned, such as "sigma".
 */
export function coefficientNames(recipe: ModelRecipe): string[] {
  const { columns, target, hasReference } = recipe;
  const names = columns.map((column) => column.name);
  if (target.kind === "classes")
    return classNames(target, hasReference).flatMap((own) => names.map((name) => `${own}:${name}`));
  return [...names, ...learnedAuxiliaries(recipe)];
}

/** The names of all that a fit has draws of: the coefficients, and the sds and correlations of its groups' effects. */
export function parameterNames(recipe: ModelRecipe): string[] {
  const names = coefficientNames(recipe);
  return recipe.groups ? [...names, ...allVarianceNames(recipe.groups)] : names;
}

/** The names of the auxiliary parameters that are learned: the last of the coefficients. */
export function learnedAuxiliaries({ family, fixed }: ModelRecipe): string[] {
  return families[family].auxiliaries.map(({ name }) => name).filter((name) => fixed[name] === undefined);
}
