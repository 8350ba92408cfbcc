import * as z from "zod/mini";
import { jsonDepth, maxLevels } from "../duckdb/files/json-depth.ts";
import { families } from "../families/families.ts";

// Schemas are made when they are used, so that they are not in the bundle of a page that does not import them.
const texts = () => z.array(z.string());
const count = () => z.int().check(z.gte(0));
const orNull = () => z.nullable(z.number());

const coefficientSchema = () =>
  z.looseObject({
    name: z.string(),
    mean: orNull(),
    sd: orNull(),
    "hdi_3%": orNull(),
    "hdi_97%": orNull(),
    mcse_mean: orNull(),
    mcse_sd: orNull(),
    "mcse_hdi_3%": orNull(),
    "mcse_hdi_97%": orNull(),
    ess_bulk: orNull(),
    ess_tail: orNull(),
    r_hat: orNull(),
    standardized: z.looseObject({}),
  });

const groupTermSchema = () =>
  z.looseObject({
    term: z.string(),
    factor: z.string(),
    levels: count(),
    sds: z.array(coefficientSchema()),
    correlations: z.array(z.looseObject({ names: z.tuple([z.string(), z.string()]), mean: orNull(), sd: orNull() })),
    icc: z.optional(z.looseObject({ mean: orNull(), sd: orNull(), residual: z.string() })),
  });

const checkSchema = () => z.looseObject({ id: z.string(), passed: z.boolean(), message: z.string() });
const pairSchema = () => z.looseObject({ predicted: orNull(), measured: orNull() });

const typicalSchema = () =>
  z.object({
    mean: z.number(),
    sd: z.number().check(z.gte(0)),
    least: z.optional(z.number()),
    largest: z.optional(z.number()),
  });

/** The part of a result that the library reads or prints; everything else in it is kept. */
export const resultSchema = () =>
  z.looseObject({
    version: z.string(),
    command: z.optional(z.string()),
    family: z.string(),
    formula: z.string(),
    data: z.looseObject({
      rows: count(),
      droppedRows: count(),
      cells: z.optional(count()),
      updates: z.optional(z.array(count())),
      columns: count(),
      target: z.string(),
      targetMean: z.optional(z.number()),
      targetSd: z.optional(z.number()),
      weights: z.optional(z.string()),
      zeroWeightRows: z.optional(count()),
      nonZeros: z.optional(count()),
      blocks: z.optional(z.object({ count: count(), bytes: count(), place: z.optional(z.string()) })),
      event: z.optional(z.string()),
      modelled: z.optional(z.string()),
      classes: z.optional(texts()),
      referenceClass: z.optional(z.string()),
    }),
    references: z.optional(z.record(z.string(), z.string())),
    options: z.optional(z.looseObject({})),
    settings: z.looseObject({
      sampler: z.string(),
      because: z.string(),
      covariance: z.optional(z.nullable(z.string())),
      chains: z.int().check(z.gte(1)),
      draws: z.int().check(z.gte(1)),
    }),
    prior: z.optional(z.looseObject({})),
    coefficients: z.array(coefficientSchema()),
    groups: z.optional(z.array(groupTermSchema())),
    certificate: z.looseObject({
      verdict: z.enum(["ok", "warning", "failed"]),
      klToLaplace: pairSchema(),
      maxSdError: pairSchema(),
      checks: z.array(checkSchema()),
      assumptions: z.array(checkSchema()),
      notes: texts(),
    }),
    warnings: texts(),
    timing: z.looseObject({
      load: z.number(),
      estimate: z.number(),
      sample: z.number(),
      total: z.number(),
      rowsVisited: z.number(),
      passes: z.number(),
    }),
  });

const series = () => z.object({ low: z.number(), high: z.number(), coefficients: z.array(z.number()) });

const modeSchema = () => z.object({ mode: z.union([z.string(), z.number()]) });

/** The part that all versions of recipes have in common; everything else in it is kept. */
export const recipeSchema = () =>
  z.looseObject({
    version: z.int(),
    formula: z.string(),
    terms: z.string(),
    family: z.enum(Object.keys(families)),
    target: z.looseObject({
      name: z.string(),
      kind: z.enum(["number", "binary", "trials", "classes"]),
      mean: z.number(),
      scale: z.number().check(z.gt(0)),
      event: z.optional(z.string()),
      levels: z.optional(texts().check(z.minLength(2))),
    }),
    hasIntercept: z.boolean(),
    hasOffset: z.boolean(),
    hasReference: z.boolean(),
    columns: z.array(z.looseObject({ name: z.string(), term: z.string() })),
    blocks: z.array(
      z.looseObject({
        term: z.string(),
        coding: z.array(z.tuple([z.string(), z.enum(["full", "reduced"])])),
        columns: z.array(z.looseObject({ levels: texts(), column: z.int().check(z.gte(-1)) })),
      }),
    ),
    levels: z.record(z.string(), texts()),
    polynomials: z.record(z.string(), series()),
    inputs: z.array(
      z.looseObject({
        name: z.string(),
        type: z.enum(["number", "boolean", "string"]),
        isTime: z.optional(z.boolean()),
        texts: z.optional(texts()),
        typical: z.optional(z.union([typicalSchema(), modeSchema()])),
      }),
    ),
    fileTypes: z.optional(z.record(z.string(), z.string())),
    fixed: z.record(z.string(), z.number().check(z.gt(0))),
  });

/**
 * The value of a JSON text, after checking it against the schema.
 * @param what what it is called in messages
 * @throws Error
 */
export function parsed<Schema extends z.ZodMiniType>(text: string, schema: Schema, what: string): z.infer<Schema> {
  // Code that traverses a value, to write it or to reword it, recurses as deep as the value.
  if (typeof text !== "string") throw new Error(`it has no ${what}`);
  if (jsonDepth(text, maxLevels) > maxLevels) throw new Error(`its ${what} is nested too deeply`);
  const value = JSON.parse(text);
  const { success, error } = schema.safeParse(value);
  // Returns the value itself, because the schema's copy has its parts in another order.
  if (success) return value;
  throw new Error(`its ${what} has no proper ${error.issues[0].path.join(".") || "object"}`);
}
