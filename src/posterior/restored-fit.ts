import * as z from "zod/mini";
import { recipeVersion } from "../data/design-recipe.ts";
import { RowEncoder } from "../data/encode-rows.ts";
import { requireObject, requireText } from "../data/kinds.ts";
import { families } from "../families/families.ts";
import type { ModelRecipe } from "../prediction/predictive-fit.ts";
import type { Posterior } from "./posterior.ts";
import { posteriorOf } from "./posterior-methods.ts";

/** What wrote a result. */
export interface Origin {
  /** Of ornstein. */
  readonly version: string;
  /** The command, where it was one. */
  readonly command?: string;
}

/** @throws InputError where it is none */
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

/** The parts of a saved fit that are arrays, and the recipe that they go with. */
export type SavedArrays = Pick<Posterior, "recipe" | "draws" | "hamiltonian" | "observed">;

// Schemas are made when they are used: what a page does not import is then not in its bundle.
const texts = () => z.array(z.string());
const objects = () => z.array(z.looseObject({}));

/** What is read of a result; whatever else is in it is kept. */
const resultSchema = () =>
  z.looseObject({
    version: z.string(),
    command: z.optional(z.string()),
    family: z.string(),
    formula: z.string(),
    data: z.looseObject({}),
    settings: z.looseObject({ chains: z.int(), draws: z.int() }),
    coefficients: objects(),
    certificate: z.looseObject({ verdict: z.string(), checks: objects(), assumptions: objects(), notes: texts() }),
    warnings: texts(),
    timing: z.looseObject({}),
  });

const series = () => z.object({ low: z.number(), high: z.number(), coefficients: z.array(z.number()) });

/** What is common to all versions of recipes; whatever else is in it is kept. */
const recipeSchema = () =>
  z.looseObject({
    version: z.int(),
    formula: z.string(),
    terms: z.string(),
    family: z.enum(Object.keys(families)),
    target: z.looseObject({
      ...{ name: z.string(), kind: z.string(), mean: z.number(), scale: z.number() },
      levels: z.optional(texts().check(z.minLength(2))),
    }),
    ...{ hasIntercept: z.boolean(), hasOffset: z.boolean(), hasReference: z.boolean() },
    columns: z.array(z.looseObject({ name: z.string(), term: z.string() })),
    blocks: z.array(
      z.looseObject({
        term: z.string(),
        coding: z.array(z.tuple([z.string(), z.string()])),
        columns: z.array(z.looseObject({ levels: texts(), column: z.int().check(z.gte(-1)) })),
      }),
    ),
    levels: z.record(z.string(), texts()),
    polynomials: z.record(z.string(), series()),
    inputs: z.array(
      z.looseObject({
        ...{ name: z.string(), type: z.enum(["number", "boolean", "string"]) },
        ...{ isTime: z.optional(z.boolean()), texts: z.optional(texts()) },
      }),
    ),
    fileTypes: z.optional(z.record(z.string(), z.string())),
    fixed: z.record(z.string(), z.number()),
  });

/**
 * The recipe that a text holds, once columns can be made by it: nothing in it is believed before.
 * @throws Error saying what is wrong with it
 */
export function parseRecipe(text: string): ModelRecipe {
  const recipe = parsed(text, recipeSchema(), "recipe") as unknown as ModelRecipe;
  const { columns, blocks, target, inputs } = recipe;
  if (target.kind !== "number" && !target.levels) throw new Error("its recipe has no levels of the target");
  if (blocks.some((block) => block.columns.some(({ column }) => column >= columns.length)))
    throw new Error("its recipe has a block of a column that it does not have");
  // Formula, terms and levels fit together where an encoder can be made of them. Of another version it is not read further.
  if (recipe.version === recipeVersion) new RowEncoder(recipe, { columns: inputs, async *chunks() {} });
  return recipe;
}

/**
 * The fit that a result's text and its arrays make.
 * @throws Error saying what is wrong with the text
 */
export function restoredFit(text: string, arrays: SavedArrays): SavedFit {
  const { version, command, ...result } = parsed(text, resultSchema(), "result");
  const { recipe, draws, hamiltonian, observed } = arrays;
  return posteriorOf({
    ...(result as unknown as Omit<Posterior, keyof SavedArrays | "predict" | "toJSON">),
    ...{ draws, recipe },
    ...(hamiltonian && { hamiltonian }),
    ...(observed && { observed }),
    origin: { version, ...(command !== undefined && { command }) },
  });
}

function parsed<Schema extends z.ZodMiniType>(text: string, schema: Schema, what: string): z.infer<Schema> {
  const value = JSON.parse(text);
  const { success, error } = schema.safeParse(value);
  // The value itself, as the schema's copy has its parts in another order.
  if (success) return value;
  throw new Error(`its ${what} has no proper ${error.issues[0].path.join(".") || "object"}`);
}
