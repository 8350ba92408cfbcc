import type { GroupDesign, GroupTerm } from "../../design/groups/group-types.ts";
import { sdsAndCorrelations } from "../../priors/effects-law.ts";

/** The variance parameters of a group term, and what is reported of them. */
export interface VarianceBlock {
  /** `(1 + Days | Subject)` */
  readonly term: string;
  readonly factor: string;
  readonly numLevels: number;
  readonly effects: readonly string[];
  /** Its first parameter in θ, and the number q of its effects: q (q + 1)/2 parameters. */
  readonly first: number;
  readonly size: number;
  /** q×q: a level's effects on the scale of the data are those on the standardised scale times this. */
  readonly toOriginal: Float64Array;
}

/** The blocks in the order of θ. @param firstParameter where the variance parameters begin */
export function varianceBlocks(
  { factors }: GroupDesign,
  targetScale: number,
  firstParameter: number,
): readonly VarianceBlock[] {
  let first = firstParameter;
  return factors.flatMap(({ name: factor, numLevels, terms }) =>
    terms.map(({ text: term, effects }): VarianceBlock => {
      const size = effects.length;
      const block = {
        term,
        factor,
        numLevels,
        effects: effects.map(({ name }) => name),
        first,
        size,
        toOriginal: originalScaleOf(effects, targetScale),
      };
      first += (size * (size + 1)) / 2;
      return block;
    }),
  );
}

/** With columns (x − m)/s the effects (b₀, b₁) are (b₀ − b₁ m/s, b₁/s) of x itself, times the target's scale. */
function originalScaleOf(effects: GroupTerm["effects"], targetScale: number): Float64Array {
  const size = effects.length;
  const map = new Float64Array(size * size);
  const constant = effects.findIndex(({ column }) => column < 0);
  effects.forEach(({ mean, scale }, j) => {
    map[j * size + j] = targetScale / scale;
    if (constant >= 0 && j !== constant) map[constant * size + j] = (-targetScale * mean) / scale;
  });
  return map;
}

/** What is reported of a block at each of the positions, one array a number; on the standardised scale or the data's. */
export function varianceDraws(
  block: VarianceBlock,
  positions: Float64Array,
  dimension: number,
  scale: "original" | "standardized",
): Float64Array[] {
  const { size, toOriginal } = block;
  const count = positions.length / dimension;
  const values = Array.from({ length: (size * (size + 1)) / 2 }, () => new Float64Array(count));
  for (let draw = 0; draw < count; draw++) {
    const position = positions.subarray(draw * dimension, (draw + 1) * dimension);
    const reported = sdsAndCorrelations(position, block, scale === "original" ? toOriginal : undefined);
    reported.forEach((value, k) => {
      values[k][draw] = value;
    });
  }
  return values;
}
