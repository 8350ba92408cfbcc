import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { RowEncoder } from "../design/recipe/encode-rows.ts";
import type { Posterior, PosteriorMethods } from "../fit/posterior.ts";
import { posteriorOf } from "../fit/posterior-methods.ts";
import { requireObject, requireText } from "../kinds.ts";
import type { ModelRecipe } from "../prediction/predictive-fit.ts";
import { checkArrays, checkRecipe, type SavedArrays } from "./saved-checks.ts";
import { parsed, recipeSchema, resultSchema } from "./saved-schemas.ts";

/** What wrote a result. */
export interface Origin {
  /** The version of ornstein. */
  readonly version: string;
  /** The command line, if a command wrote it. */
  readonly command?: string;
}

/** @throws InputError if the value is not one */
export function requireOrigin(origin: unknown): void {
  requireObject(origin, "The origin", "{ version, command }, or leave it out");
  for (const [name, text] of Object.entries(origin))
    if (text !== undefined) requireText(text, `The ${name} of the origin`, "a text");
}

/** A fit as it is read from a file or from bytes. */
export interface SavedFit extends Posterior {
  /** What wrote it. */
  readonly origin: Origin;
}

/**
 * The recipe in a text, after checking that columns can be made with it; nothing in it is trusted before.
 * @throws Error saying what is wrong with it
 */
export function parseRecipe(text: string): ModelRecipe {
  const recipe = parsed(text, recipeSchema(), "recipe") as unknown as ModelRecipe;
  checkRecipe(recipe);
  // Formula, terms and levels are consistent if an encoder can be made from them. A recipe of another version is not
  // read further.
  if (recipe.version === recipeVersion) requireEncoder(recipe);
  return recipe;
}

function requireEncoder(recipe: ModelRecipe): void {
  try {
    new RowEncoder(recipe, { columns: recipe.inputs, async *chunks() {} });
  } catch (error) {
    throw new Error((error as Error).message.split("\n")[0].replace(/\.$/, ""));
  }
}

/**
 * Makes a fit from a result's text and its arrays.
 * @throws Error saying what is wrong with the text, or how the arrays differ from what it describes
 */
export function restoredFit(text: string, arrays: SavedArrays): SavedFit {
  const { version, command, ...parts } = parsed(text, resultSchema(), "result");
  const result = parts as unknown as Omit<Posterior, keyof SavedArrays | keyof PosteriorMethods>;
  const { recipe, draws, hamiltonian, observed, groupEffects, carried } = arrays;
  checkArrays(result, arrays);
  return posteriorOf({
    ...result,
    draws,
    recipe,
    ...(hamiltonian && { hamiltonian }),
    ...(observed && { observed }),
    ...(groupEffects && { groupEffects }),
    ...(carried && { carried }),
    origin: { version, ...(command !== undefined && { command }) },
  });
}
