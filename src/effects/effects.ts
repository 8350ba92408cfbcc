import { recipeVersion } from "../design/recipe/design-recipe.ts";
import { InputError } from "../errors.ts";
import { type PredictiveFit, requireFit } from "../prediction/predictive-fit.ts";
import type { TableSource } from "../table/table-source.ts";
import { averageRows } from "./average-rows.ts";
import { type EffectOptions, type SettledEffectOptions, settleEffectOptions } from "./effects-options.ts";
import { type EffectEstimate, type HypothesisEstimate, posteriorOfEffect } from "./estimates.ts";
import { hypothesisDraws } from "./hypotheses.ts";
import { planEffects } from "./plan.ts";
import { type SettledQuestion, settleQuestion } from "./question.ts";
import { type Condition, typicalRow } from "./typical-row.ts";

export type { EffectOptions } from "./effects-options.ts";

/** Answers to what was asked of a fit. */
export interface Effects {
  /** What effects are of: E[y | x] or the probability ("response"), or the linear predictor ("link"). */
  readonly scale: "response" | "link";
  /** Probability of the intervals. */
  readonly interval: number;
  /** Draws of the posterior that effects are computed with. */
  readonly draws: number;
  /** Which groups of a multilevel model predictions are of; absent of other models. */
  readonly groups?: "known" | "new" | "population";
  /** Complete rows of the data that are averaged over; absent without data. */
  readonly rows?: number;
  /** Of these the rows that are averaged over at all draws. */
  readonly sampledRows?: number;
  /** Rows that were left out, as a value is missing. */
  readonly missingRows?: number;
  /** Without data: what the columns are held at. */
  readonly conditions?: readonly Condition[];
  readonly effects: readonly EffectEstimate[];
  readonly hypotheses: readonly HypothesisEstimate[];
  /** Sentences for the user. */
  readonly warnings: readonly string[];
}

/**
 * Effects of a fit: predictions at changed rows, averaged over the rows of a table, or of the row that stands for those of the
 * fit, and what is computed of the averages draw by draw. Memory does not grow with rows × draws.
 *
 * @throws InputError where an option does not go with the fit, the table cannot be used, or the fit lacks what is needed; the
 * signal's reason when it is aborted
 */
export async function effectsOf(fit: PredictiveFit, options: EffectOptions = {}, data?: TableSource): Promise<Effects> {
  requireFit(fit);
  const settled = settleEffectOptions(options);
  if (fit.recipe.version !== recipeVersion)
    throw new InputError("The fit's description of its columns is of another version of ornstein; fit again.");
  const { interval, scale } = settled;
  const hypotheses = hypothesisEstimates(fit, settled);
  const question = settleQuestion(fit, settled, data !== undefined);
  const numChains = chainsOf(fit).length;
  if (question.isEmpty)
    return { scale, interval, draws: numChains * chainsOf(fit)[0].length, effects: [], hypotheses, warnings: [] };
  const plan = planEffects(question);
  const typical = data ? undefined : typicalRow(columnsRead(question), question.at, isReplaced(question));
  const source = data ?? typical!.source;
  const { effects, draws, rows, warnings } = await averageRows(fit, source, { plan, question, settled, options });
  return {
    scale,
    interval,
    draws,
    ...(fit.recipe.groups && { groups: question.groups }),
    ...(data ? rows : { conditions: typical!.conditions }),
    effects,
    hypotheses,
    warnings: [...plan.notes, ...warnings],
  };
}

const chainsOf = ({ draws }: PredictiveFit): readonly Float64Array[] => draws.values().next().value ?? [];

function hypothesisEstimates(fit: PredictiveFit, { hypotheses, interval }: SettledEffectOptions): HypothesisEstimate[] {
  return hypothesisDraws(fit, hypotheses).map(({ text, relation, draws }) => {
    const pooled = Float64Array.from(draws.flatMap((chain) => [...chain]));
    const own = posteriorOfEffect(pooled, { numChains: draws.length, interval, none: 0 });
    const isBelow = relation === "<";
    const probability = isBelow ? 1 - own.probability! : own.probability;
    return { hypothesis: text, ...own, probability, relation: isBelow ? "< 0" : "> 0" };
  });
}

/** The columns that a row of its own needs. */
function columnsRead({ columns, groups }: SettledQuestion) {
  return [...columns.values()].filter(({ isGrouping }) => !isGrouping || groups === "known");
}

/** Whether every prediction sets the column, so that it is held nowhere. */
function isReplaced({ of }: SettledQuestion): (name: string) => boolean {
  return (name) => of.length === 1 && of[0].name === name && of[0].kind !== "number";
}
