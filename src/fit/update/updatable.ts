import { recipeVersion } from "../../design/recipe/design-recipe.ts";
import { InputError } from "../../errors.ts";
import { requireFit } from "../../prediction/predictive-fit.ts";
import type { PosteriorData } from "../posterior.ts";
import { type Carried, mostCarried } from "./update-types.ts";

/** A fit that keeps what an update needs. */
export type Updatable = PosteriorData & { readonly carried: Carried };

/** @throws InputError where the fit has not what an update needs */
export function updatable(fit: PosteriorData): Updatable {
  requireFit(fit);
  const { recipe, carried, draws } = fit;
  if (carried && recipe.version === recipeVersion) return { ...fit, carried };
  const again = "fit all rows together";
  if (recipe.groups)
    throw new InputError(
      `A model with group terms is not updated, as new rows of a group change what the old ones said of all parameters: ${again}.`,
    );
  if (draws.size > mostCarried)
    throw new InputError(
      `The fit has ${draws.size.toLocaleString("en")} parameters, and updates are for up to ${mostCarried}: ${again}.`,
    );
  throw new InputError(
    `The fit keeps nothing that rows could be added to: it was saved by an earlier version, or its columns are so nearly collinear that they are in a basis of their own; ${again}.`,
  );
}
