import type { EncodeOptions } from "../design/recipe/encode-rows.ts";
import type { ProgressListener } from "../engine/progress.ts";
import { requireListening, requireObject } from "../kinds.ts";
import { withDefaults } from "../options/option.ts";
import { type PredictionSettings, predictOptions } from "../options/predict-options.ts";
import { refusedOption, requireAccepted } from "../options/require-accepted.ts";
import { formatCount } from "../table/table-source.ts";

/** What may be set for predictions. */
export interface PredictOptions extends PredictionSettings, EncodeOptions {
  readonly onProgress?: ProgressListener;
}

/** @throws InputError where an option is none, or has a value that it does not take */
export function settleOptions(options: PredictOptions) {
  requireObject(options, "The options of a prediction", "an object of them, or leave it out");
  requireListening(options);
  requireAccepted(predictOptions, options, ["signal", "onProgress"]);
  return withDefaults(predictOptions, options, ["interval", "draws", "posteriorDraws", "seed", "groups"]);
}

/** @throws InputError where more draws are wanted than the fit has */
export function requireDraws(draws: number, numDraws: number): void {
  if (draws > numDraws) throw refusedOption("draws", draws, `a whole number from 0 to ${formatCount(numDraws)}`);
}
