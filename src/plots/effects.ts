import type { Effects } from "../effects/effects.ts";
import type { EffectEstimate } from "../effects/estimates.ts";
import { InputError } from "../errors.ts";
import { isoDays } from "../table/iso-dates.ts";
import { curveChart } from "./curves.ts";
import { type IntervalRow, intervalChart } from "./interval-chart.ts";

export interface EffectPlotOptions {
  /** Which of the effects: predictions, comparisons or slopes. Default the comparisons, and where there are none the first that there are. */
  readonly kind?: EffectEstimate["kind"];
  readonly title?: string;
}

const ofKind = { prediction: "Predictions", comparison: "Comparisons", slope: "Slopes" } as const;
/** From so many values on, predictions along a column of numbers are a curve. */
const fewestOfCurve = 3;

/**
 * Effects with their intervals, as `posterior.effects` has them: a section for each column, group of rows and class. Predictions at
 * three values or more of one column of numbers or dates are curves with bands.
 * @returns an SVG that stands by itself
 * @throws InputError where there are no effects of the kind, or the packages that draw are not installed
 */
export async function plotEffects(found: Effects, { kind, title }: EffectPlotOptions = {}): Promise<string> {
  const chosen = kind ?? found.effects.find((effect) => effect.kind === "comparison")?.kind ?? found.effects[0]?.kind;
  const effects = found.effects.filter((effect) => effect.kind === chosen);
  if (chosen === undefined || effects.length === 0)
    throw new InputError(`There are no ${kind ? ofKind[kind].toLowerCase() : "effects"} to draw among these effects.`);
  const isRatio = effects.some(({ comparison }) => comparison !== undefined && comparison !== "difference");
  const scale = found.scale === "link" ? "of the linear predictor" : "of the response";
  const caption = `Posterior mean and ${Math.round(100 * found.interval)}% interval over ${found.draws.toLocaleString("en-US")} draws${found.rows === undefined ? ", for one typical row" : `, averaged over ${found.rows.toLocaleString("en-US")} rows`}.`;
  const shared = { title: title ?? ofKind[chosen], caption };
  const along = chosen === "prediction" ? curveColumn(effects) : undefined;
  if (along !== undefined) {
    const points = effects.map(({ at, estimate, low, high, ...effect }) => {
      const { [along]: x, ...others } = at;
      return { series: seriesOf({ ...effect, at: others }), x: placeOf(x)!, estimate, low, high };
    });
    return curveChart(points, { ...shared, xLabel: along, yLabel: `prediction, on the scale ${scale}` });
  }
  const rows = effects.map(rowOf);
  const sections = [...new Set(rows.map(({ section }) => section))];
  return intervalChart(
    sections.flatMap((section) => rows.filter((row) => row.section === section)),
    {
      ...shared,
      xLabel: `${isRatio ? "ratio" : chosen}, on the scale ${scale}`,
      isLogarithmic: isRatio,
      ...(chosen !== "prediction" && { reference: isRatio ? 1 : 0 }),
    },
  );
}

/** The column of numbers or dates with most values, if it has enough of them for a curve. */
function curveColumn(effects: readonly EffectEstimate[]): string | undefined {
  const values = new Map<string, Set<number | string>>();
  for (const { at } of effects)
    for (const [name, value] of Object.entries(at))
      if (placeOf(value) !== undefined) values.set(name, (values.get(name) ?? new Set()).add(value));
  const [first] = [...values].sort(([, a], [, b]) => b.size - a.size);
  return first && first[1].size >= fewestOfCurve ? first[0] : undefined;
}

/** Where a value stands on an axis: a number, or a date. */
function placeOf(value: string | number): number | Date | undefined {
  if (typeof value === "number") return value;
  const days = isoDays(value);
  return Number.isFinite(days) ? new Date(days * 86_400_000) : undefined;
}

type Named = Pick<EffectEstimate, "by" | "class"> & { readonly at: EffectEstimate["at"] };

function seriesOf({ at, by, class: own }: Named): string {
  const pairs = [...Object.entries(by), ...Object.entries(at)].map(([name, value]) => `${name} = ${value}`);
  return [...pairs, own].filter(Boolean).join(", ");
}

function rowOf(effect: EffectEstimate): IntervalRow & { readonly section: string } {
  const { term, contrast, at, by, estimate, low, high } = effect;
  const values = Object.entries(at).filter(([name]) => name !== term || contrast === undefined);
  const set = values.map(([name, value]) => `${name} = ${value}`).join(", ");
  const groups = Object.entries(by).map(([name, value]) => `${name} = ${value}`);
  const label = [contrast, set].filter(Boolean).join(", ") || "all rows";
  const section = [contrast === undefined ? "" : term, ...groups, effect.class && `class ${effect.class}`]
    .filter(Boolean)
    .join(", ");
  return { label, section, estimate, low, high };
}
