import type { ProgressListener } from "../engine/progress.ts";
import { requireListening, requireObject } from "../kinds.ts";
import { type LooSettings, looOptions } from "../options/loo-options.ts";
import { withDefaults } from "../options/option.ts";
import { requireAccepted } from "../options/require-accepted.ts";

/** How rows are left out one by one. */
export interface LooOptions extends LooSettings {
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** @throws InputError where an option is none, or has a value that it does not take */
export function settleLooOptions(options: LooOptions) {
  requireObject(options, "The options of leave-one-out", "an object of them, such as { rows: 1000 }, or leave it out");
  requireListening(options);
  requireAccepted(looOptions, options, ["signal", "onProgress"]);
  return withDefaults(looOptions, options, ["rows", "posteriorDraws", "seed"]);
}
