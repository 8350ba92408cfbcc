import type { Effects } from "../../effects/effects.ts";
import { probabilityOf } from "../../formula/event.ts";
import { requireArray, requireObject } from "../../kinds.ts";
import type { FitComparison } from "../../loo/compare-fits.ts";
import type { KFold } from "../../loo/k-fold-result.ts";
import type { Loo } from "../../loo/loo.ts";
import type { PredictionSummary } from "../../prediction/predict.ts";
import { type PredictiveFit, requireFit } from "../../prediction/predictive-fit.ts";
import type { Comparison } from "../comparison/comparison.ts";
import type { Posterior, PosteriorMethods } from "../posterior.ts";

/**
 * The machine-readable result: what the command writes as JSON. Numbers are finite or null.
 * @throws InputError if the argument is not a posterior
 * @example
 * import { fit, posteriorToJson } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const json = posteriorToJson(posterior, { version: "1" });
 * console.log(json.version, json.family, json.data.rows, json.coefficients.length); // 1 gaussian 6 3
 */
export function posteriorToJson(
  posterior: Omit<Posterior, keyof PosteriorMethods>,
  about: { version: string; command?: string },
): Record<string, unknown> {
  requireObject(posterior, "The posterior", "the result of fit, importFit or loadFit");
  requireArray(posterior.coefficients, "The coefficients of the posterior", "the result of fit, importFit or loadFit");
  const { data, family, formula, references, options, settings, prior, coefficients, groups } = posterior;
  const { certificate, warnings, timing } = posterior;
  return plainJson({
    ...about,
    data,
    family,
    formula,
    references,
    ...(options && { options }),
    settings,
    ...(prior && { prior }),
    coefficients,
    ...(groups && { groups }),
    certificate,
    warnings,
    timing,
  }) as Record<string, unknown>;
}

/**
 * A comparison as JSON.
 * @example
 * import { compare, comparisonToJson } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const comparison = await compare({ data, formula: "y ~ x" }, { samplers: ["laplace"] });
 * const json = comparisonToJson(comparison, { version: "1", command: "compare" });
 * console.log(json.command, json.reference.sampler, json.samplers[0].sampler); // compare conjugate laplace
 */
export function comparisonToJson(
  comparison: Comparison,
  about: { version: string; command: string },
): Record<string, unknown> {
  requireObject(comparison, "The comparison", "the result of compare");
  return plainJson({ ...about, ...comparison }) as Record<string, unknown>;
}

/**
 * Predictions as JSON: everything except the predictions of single rows.
 * @example
 * import { fit, predict, predictionToJson } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const { columns, ...summary } = await predict(posterior, { x: [10, 20] });
 * const json = predictionToJson(posterior, summary, { version: "1", command: "predict" });
 * console.log(columns.mean.length, json.formula, json.rows); // 2 y ~ x 2
 */
export function predictionToJson(
  fit: PredictiveFit,
  summary: PredictionSummary,
  about: { version: string; command: string },
): Record<string, unknown> {
  requireFit(fit);
  requireObject(summary, "The summary of the predictions", "the result of predict");
  return plainJson({ ...about, ...modelOf(fit), ...summary }) as Record<string, unknown>;
}

/**
 * Effects as JSON.
 * @example
 * import { effectsToJson, fit } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const posterior = await fit({ data, formula: "y ~ x" }, { sampler: "laplace" });
 * const json = effectsToJson(posterior, await posterior.effects({ of: "x" }, data), { version: "1", command: "effects" });
 * console.log(json.formula, json.rows, json.effects.map(({ kind }) => kind).join()); // y ~ x 6 prediction,comparison,slope
 */
export function effectsToJson(
  fit: PredictiveFit,
  effects: Effects,
  about: { version: string; command: string },
): Record<string, unknown> {
  requireFit(fit);
  requireObject(effects, "The effects", "the result of effects");
  return plainJson({ ...about, ...modelOf(fit), ...effects }) as Record<string, unknown>;
}

/**
 * What `loo`, `kFold` or `compareFits` returned as JSON: everything except what is known of single rows.
 * @example
 * import { fit, loo, looToJson } from "ornstein";
 *
 * const data = { x: [1, 2, 3, 4, 5, 6], y: [1.1, 1.9, 3.2, 3.9, 5.2, 5.8] };
 * const found = await loo(await fit({ data, formula: "y ~ x" }, { sampler: "laplace" }), data);
 * const json = looToJson(found, { version: "1", command: "loo" });
 * console.log(json.n_data_points, json.scale, json.loo_i); // 6 log undefined
 */
export function looToJson(
  result: Loo | KFold | FitComparison<"loo"> | FitComparison<"kfold">,
  about: { version: string; command: string },
): Record<string, unknown> {
  requireObject(result, "The result", "what loo, kFold or compareFits returned");
  const ofRows = ["loo_i", "kfold_i", "pareto_k", "row", "fold", "prints", "surrogates"];
  const entries = Object.entries(result).filter(([name]) => !ofRows.includes(name));
  return plainJson({ ...about, ...Object.fromEntries(entries) }) as Record<string, unknown>;
}

/** What predictions and effects are of. */
function modelOf({ recipe: { formula, family, target } }: PredictiveFit) {
  const event = target.event !== undefined && { event: target.levels![1], modelled: probabilityOf(target.event) };
  return { formula, family, ...event };
}

/** A value in a form that JSON represents completely: numbers finite or null, typed arrays as arrays, maps as objects. */
export function plainJson(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(plainJson);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plainJson);
  if (value instanceof Map) return plainJson(Object.fromEntries(value));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plainJson(entry)]));
}
