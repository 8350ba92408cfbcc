import type { EffectColumn } from "./effect-columns.ts";

/** From there on, in sds, steps of `relativeWidth` are rounded by more than a millionth. */
const farFromZero = 1e5;

/** Width of the central difference that is a slope, in sds of the column: its own error is of the order of the square. */
const relativeWidth = 1e-5;

/** Half the width of the central difference, of a column that has a slope. */
export function halfWidthOf({ typical }: EffectColumn): number {
  return 0.5 * relativeWidth * (typical as { readonly sd: number }).sd;
}

/** Why there is no slope of a column; undefined where there is one. */
export function noSlopeOf({ name, kind, step, typical }: EffectColumn): string | undefined {
  if (kind !== "number")
    return `"${name}" holds levels, and no numbers, so it has no slope; ask for --kind comparisons.`;
  if (step !== undefined)
    return `"${name}" stands in ${step}, which goes by steps, so its slope says nothing; ask for --kind comparisons.`;
  if (!typical || !("sd" in typical))
    return `The fit does not keep how far the values of "${name}" spread, which slopes need, as fits to sparse arrays and of earlier versions do not: fit again, or ask for --kind comparisons.`;
  if (typical.sd === 0) return `"${name}" had the same value in every row of the fit, so it has no slope.`;
  if (Math.abs(typical.mean) > farFromZero * typical.sd)
    return `The values of "${name}" differ by so little of their size that a slope is lost in rounding: subtract a constant from them before the fit, or ask for --kind comparisons.`;
  return undefined;
}
