import type { ProgressListener } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { requireListening, requireObject } from "../kinds.ts";
import { type EffectSettings, effectOptions } from "../options/effect-options.ts";
import { withDefaults } from "../options/option.ts";
import { requireAccepted } from "../options/require-accepted.ts";

/** What effects are asked for, and how. */
export interface EffectOptions extends EffectSettings {
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** @throws InputError where an option is none, or has a value that it does not take */
export function settleEffectOptions(options: EffectOptions) {
  requireObject(options, "The options of effects", 'an object of them, such as { of: "x" }, or leave it out');
  requireListening(options);
  requireAccepted(effectOptions, options, ["signal", "onProgress"]);
  const defaults = [
    "kind",
    "comparison",
    "scale",
    "unknownLevels",
    "interval",
    "rows",
    "posteriorDraws",
    "seed",
  ] as const;
  const settled = withDefaults(effectOptions, options, defaults);
  const lists = {
    of: distinct("of", options.of),
    by: distinct("by", options.by),
    contrasts: distinct("contrast", options.contrast),
    hypotheses: distinct("hypothesis", options.hypothesis),
  };
  return { ...settled, ...lists, at: options.at, groups: options.groups };
}

export type SettledEffectOptions = ReturnType<typeof settleEffectOptions>;

function distinct(name: string, given: string | readonly string[] | undefined): readonly string[] {
  const list = given === undefined ? [] : typeof given === "string" ? [given] : given;
  const twice = list.find((own, k) => list.indexOf(own) < k);
  if (twice !== undefined) throw new InputError(`The option ${name} names "${twice}" twice; leave one out.`);
  return list;
}
