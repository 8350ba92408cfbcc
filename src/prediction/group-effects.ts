import type { RecipeFactor, RecipeLevels } from "../design/groups/recipe-types.ts";
import { withHidden } from "./with-hidden.ts";

/** The effects of each level of a grouping factor, on the scale of the data. */
export interface GroupEffects {
  readonly factor: string;
  /** The q effects of a level, term after term: `Intercept`, `Days`. */
  readonly names: readonly string[];
  readonly numLevels: number;
  /** numLevels × q: posterior means and sds, level after level in the order of the fit's levels. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  /** What predictions for the levels are made of. */
  readonly known: LevelDraws | LevelLaws;
}

/** Draws of the levels' effects, each made given a draw of the posterior of all else. */
export interface LevelDraws {
  readonly kind: "draws";
  /** S: they go with S of the kept draws, evenly spaced over all chains one after the other. */
  readonly numDraws: number;
  /** numLevels × S × q */
  readonly values: Float64Array;
}

/**
 * A normal law for each level that is linear in the M other parameters: b = mean + G (θ − center)/scale + C ε, ε ~ N(0, I). It has the
 * posterior's means, variances and covariances, and no skewness.
 */
export interface LevelLaws {
  readonly kind: "laws";
  /** M: means and sds of the fit's draws, in the order of their names. */
  readonly center: Float64Array;
  readonly scale: Float64Array;
  /** numLevels × q × M */
  readonly slopes: Float64Array;
  /** numLevels × q × q: C, lower triangular. */
  readonly factors: Float64Array;
  /** Of an inner factor: the level of the outer one in which each lies, and numLevels × q × q_o, what its deviation adds. */
  readonly outer?: { readonly levelOf: Float64Array; readonly slopes: Float64Array };
}

/** The same with the names of the levels. */
export interface NamedGroupEffects extends GroupEffects {
  /** The name of a level; of `a:b` both parts, as in `1:3`. Not enumerable. */
  level(level: number): string;
}

/** The same effects with the names of their levels, which copies of a posterior have lost. */
export function withLevelNames(
  effects: readonly GroupEffects[],
  { groups }: { readonly groups?: { readonly factors: readonly RecipeFactor[] } },
): NamedGroupEffects[] {
  return effects.map((own) => {
    const factor = groups?.factors.find(({ name }) => name === own.factor);
    return withHidden(own, { level: (level: number) => (factor ? levelNameIn(factor, level) : String(level)) });
  });
}

/** The name of a level of a recipe's factor. */
function levelNameIn({ columns, places }: RecipeFactor, level: number): string {
  return columns.map(({ levels }, c) => textOf(levels, places ? places[c][level] : level)).join(":");
}

function textOf(levels: RecipeLevels, place: number): string {
  if (levels.kind === "range") return String(levels.first + place);
  return levels.kind === "boolean" ? String(levels.values[place] !== 0) : String(levels.values[place]);
}

/** `count` of the numbers 0 to total − 1, evenly spaced. */
export function evenPlaces(count: number, total: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, s) => Math.floor(((s + 0.5) * total) / count));
}
