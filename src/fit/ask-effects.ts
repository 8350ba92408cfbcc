import { type EffectOptions, type Effects, effectsOf } from "../effects/effects.ts";
import { type PredictiveFit, requireFit } from "../prediction/predictive-fit.ts";
import { type NewRows, sourceOf } from "./predict.ts";

/**
 * Effects of a fit or a saved fit: average or conditional predictions, comparisons, slopes, hypotheses.
 *
 * @param rows The rows that are averaged over; left out, the row that stands for those of the fit
 * @throws InputError where the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function effects(fit: PredictiveFit, options: EffectOptions = {}, rows?: NewRows): Promise<Effects> {
  requireFit(fit);
  return effectsOf(fit, options, rows === undefined ? undefined : sourceOf(fit, rows));
}
