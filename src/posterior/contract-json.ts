import { probabilityOf } from "../data/event.ts";
import type { PredictionSummary } from "../prediction/predict.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import type { Comparison } from "./comparison.ts";
import type { Posterior } from "./posterior.ts";

/** The machine-readable result: what the command writes with --json. Numbers are finite or null. */
export function toContractJson(
  posterior: Posterior,
  about: { version: string; command?: string },
): Record<string, unknown> {
  const { data, family, formula, references, settings, prior, coefficients, certificate, warnings, timing } = posterior;
  return withoutNonFinite({
    ...about,
    data,
    family,
    formula,
    references,
    settings,
    ...(prior && { prior }),
    coefficients,
    certificate,
    warnings,
    timing,
  }) as Record<string, unknown>;
}

/** The same of a comparison. */
export function comparisonToJson(
  comparison: Comparison,
  about: { version: string; command: string },
): Record<string, unknown> {
  return withoutNonFinite({ ...about, ...comparison }) as Record<string, unknown>;
}

/** The same of predictions: everything but those of single rows. */
export function predictionToJson(
  { recipe }: PredictiveFit,
  summary: PredictionSummary,
  about: { version: string; command: string },
): Record<string, unknown> {
  const { formula, family, target } = recipe;
  const event = target.event !== undefined && { event: target.levels![1], modelled: probabilityOf(target.event) };
  return withoutNonFinite({ ...about, formula, family, ...event, ...summary }) as Record<string, unknown>;
}

function withoutNonFinite(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (Array.isArray(value)) return value.map(withoutNonFinite);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withoutNonFinite(entry)]));
}
