import type { CrossedPosterior } from "../../crossed/posterior.ts";
import type { GroupDesign } from "../../design/groups/group-types.ts";
import type { GroupEffects } from "../../prediction/group-effects.ts";
import { varianceBlocks } from "../summary/variance-blocks.ts";
import { blockMap } from "./level-moments.ts";

/** Draws with which all effects are kept, and the numbers that these may take; without being asked for, of few levels alone. */
const mostDraws = 1000;
const fewestDraws = 50;
const maxNumbers = 2e7;
const fewEffects = 2000;

/** With how many draws all effects are kept, 0 for none. @param isAsked undefined where nothing is said of it */
export function crossedEffectDraws({ factors }: GroupDesign, total: number, isAsked: boolean | undefined): number {
  const numbers = factors.reduce(
    (sum, { numLevels, terms }) => sum + numLevels * terms.reduce((size, { effects }) => size + effects.length, 0),
    0,
  );
  if (isAsked === false || (!isAsked && numbers > fewEffects)) return 0;
  const count = Math.min(mostDraws, total, Math.floor(maxNumbers / numbers));
  return count >= Math.min(fewestDraws, total) ? count : 0;
}

/** Means and sds of the effects of crossed factors' levels, and the draws that were kept, on the scale of the data. */
export function crossedEffects(
  groups: GroupDesign,
  { effects, kept }: Pick<CrossedPosterior, "effects" | "kept">,
  targetScale: number,
): GroupEffects[] {
  const blocks = varianceBlocks(groups, targetScale, 0);
  const numDraws = kept.draws.length;
  return groups.factors.map(({ name, numLevels, terms }, f) => {
    const { data: map, rows: size } = blockMap(blocks.filter(({ factor }) => factor === name));
    const mean = new Float64Array(numLevels * size);
    const sd = new Float64Array(numLevels * size);
    const values = new Float64Array(numLevels * numDraws * size);
    for (let level = 0; level < numLevels; level++) {
      for (let i = 0; i < size; i++) {
        const at = level * size + i;
        const row = map.subarray(i * size, (i + 1) * size);
        row.forEach((entry, k) => {
          mean[at] += entry * effects[f].mean[level * size + k];
        });
        let sum = 0;
        let squares = 0;
        for (let s = 0; s < numDraws; s++) {
          const from = (s * numLevels + level) * size;
          let value = 0;
          for (let k = 0; k < size; k++) value += row[k] * kept.effects[f][from + k];
          values[(level * numDraws + s) * size + i] = value;
          sum += value / numDraws;
          squares += value ** 2 / numDraws;
        }
        // An sd that is not mixed with others is known from all draws.
        const isOwn = row.every((entry, k) => k === i || entry === 0);
        sd[at] = isOwn ? Math.abs(row[i]) * effects[f].sd[at] : Math.sqrt(Math.max(0, squares - sum ** 2));
      }
    }
    const names = terms.flatMap((term) => term.effects.map((effect) => effect.name));
    return { factor: name, names, numLevels, mean, sd, known: { kind: "draws", numDraws, values } };
  });
}
