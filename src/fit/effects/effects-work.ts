import type { ModelGroups } from "../../models/model.ts";
import { drawsPerParameter } from "./effect-draws.ts";

/** How the effects of a fit's levels are worked out. */
export interface EffectsPlan {
  /** Draws of θ over which means and sds are taken. */
  readonly summaryDraws: number;
  /** Draws with each of which every level's effects are drawn; 0 where levels have laws instead. */
  readonly levelDraws: number;
}

/** Draws for means and sds. */
const usualDraws = 100;
const fewestDraws = 24;
/** Draws that predictions are averaged over. */
const mostLevelDraws = 1000;
const fewestLevelDraws = 200;
/** Evaluations of a row's loss: what any fit may take, what one may that asks for effects, and what draws of levels may. */
const work = { usual: 1e8, asked: 2e9, levelDraws: 4e8 };
/** Numbers that draws of all levels may take. */
const maxNumbers = 4e6;
/** Evaluations to find a mode, and steps of the samplers (kernels/groups/draw-effects.ts). */
const newtonSteps = 5;
const innerSteps = 17;
const outerSteps = 13;

/** Nothing where it is not asked for and takes long. @param isAsked undefined where nothing is said of it */
export function planEffects(
  { rows, numInner, inner, outer, nodes }: ModelGroups,
  { numGroups, total, numParameters }: { numGroups: number; total: number; numParameters: number },
  isAsked: boolean | undefined,
): EffectsPlan | undefined {
  if (isAsked === false) return undefined;
  const { numRows } = rows.rows;
  const ofInner = newtonSteps + nodes.inner ** inner.columns.length;
  const outerNodes = outer ? nodes.outer ** outer.columns.length : 0;
  const perDraw = numRows * (outer ? (newtonSteps + 2 * outerNodes) * ofInner : ofInner);
  const perLevelDraw = numRows * (newtonSteps + innerSteps + (outer ? (newtonSteps + outerSteps) * ofInner : 0));
  const numbers = numInner * inner.columns.length + (outer ? numGroups * outer.columns.length : 0);
  const most = Math.min(
    mostLevelDraws,
    total,
    Math.floor(maxNumbers / numbers),
    Math.floor(work.levelDraws / perLevelDraw),
  );
  const levelDraws = most >= Math.min(fewestLevelDraws, total) ? most : 0;
  const wanted = Math.min(usualDraws, Math.max(fewestDraws, Math.floor(work.asked / perDraw)));
  const summaryDraws = Math.min(total, Math.max(wanted, drawsPerParameter * numParameters));
  const cost = perDraw * summaryDraws + perLevelDraw * levelDraws;
  return isAsked || cost <= work.usual ? { summaryDraws, levelDraws } : undefined;
}
