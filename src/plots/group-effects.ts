import { InputError } from "../errors.ts";
import type { Posterior } from "../fit/posterior.ts";
import { intervalChart } from "./interval-chart.ts";

export interface GroupEffectPlotOptions {
  /** The factor; the only one where it is left out. */
  readonly factor?: string;
  /** The effect: `Intercept`, `Days`. Default the first. */
  readonly effect?: string;
  /** So many levels at most, those furthest from 0. Default 80. */
  readonly most?: number;
}

const usualMost = 80;
/** Of a normal law, on either side. */
const sdsOf94 = 1.8808;

/**
 * The effects of a factor's levels with 94% intervals, in the order of their size (a caterpillar plot).
 * @returns an SVG that stands by itself
 * @throws InputError where the fit has kept no effects, or has no such factor or effect
 */
export async function plotGroupEffects(
  fit: Pick<Posterior, "groupEffects" | "formula">,
  { factor, effect, most = usualMost }: GroupEffectPlotOptions = {},
): Promise<string> {
  const own = chosen(fit.groupEffects, factor);
  const at = effect === undefined ? 0 : own.names.indexOf(effect);
  if (at < 0)
    throw new InputError(`The levels of ${own.factor} have no effect "${effect}"; they have ${own.names.join(", ")}.`);
  const size = own.names.length;
  const levels = Array.from({ length: own.numLevels }, (_, level) => {
    const [estimate, sd] = [own.mean[level * size + at], own.sd[level * size + at]];
    return { level, estimate, low: estimate - sdsOf94 * sd, high: estimate + sdsOf94 * sd };
  });
  const far = levels.sort((a, b) => Math.abs(b.estimate) - Math.abs(a.estimate)).slice(0, most);
  const rows = far
    .sort((a, b) => b.estimate - a.estimate)
    .map(({ level, ...interval }) => ({ ...interval, label: own.level(level) }));
  const left = own.numLevels - rows.length;
  return intervalChart(rows, {
    title: `${own.names[at]} by ${own.factor}`,
    caption: `Posterior mean and 94% interval of each level's effect, ${fit.formula}.${left > 0 ? ` Of ${own.numLevels.toLocaleString("en-US")} levels the ${rows.length} that are furthest from 0.` : ""}`,
    xLabel: "effect, on the scale of the linear predictor",
    reference: 0,
  });
}

function chosen(effects: Posterior["groupEffects"], factor: string | undefined) {
  if (!effects?.length)
    throw new InputError(
      "The fit has kept no effects of groups: fit with --effects, or a formula with a term such as (1 | g).",
    );
  const names = effects.map((own) => own.factor);
  const found = factor === undefined ? effects[0] : effects.find((own) => own.factor === factor);
  if (!found) throw new InputError(`The fit has no groups by "${factor}"; it has ${names.join(", ")}.`);
  return found;
}
