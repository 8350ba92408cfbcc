import type { RecipeFactor } from "../design/groups/recipe-types.ts";
import { varianceNames } from "../design/groups/variance-names.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { LevelLaws } from "./group-effects.ts";

/** Writes a level's q effects at each of S draws, S × q, with the level's random numbers. */
export type EffectsWriter = (out: Float64Array, level: number, random: Xoshiro) => void;

/** The draws of a parameter by name, at the S draws that predictions are made of. */
export type DrawsByName = (name: string) => Float64Array;

/** Effects of a level that the fit has not seen: b ~ N(0, Σ) with the sds and correlations of each draw. */
export function newLevels({ name, terms }: RecipeFactor, drawsOf: DrawsByName): EffectsWriter {
  const total = terms.reduce((sum, { effects }) => sum + effects.length, 0);
  const blocks = terms.map(({ effects }) => {
    const size = effects.length;
    const names = varianceNames(
      name,
      effects.map((effect) => effect.name),
    );
    return { size, factors: effectFactors(names.map(drawsOf), size) };
  });
  const noise = new Float64Array(total);
  return (out, _level, random) => {
    for (let s = 0; s * total < out.length; s++) {
      let first = 0;
      for (const { size, factors } of blocks) {
        for (let k = 0; k < size; k++) noise[k] = random.normal();
        for (let i = 0; i < size; i++) {
          let sum = 0;
          for (let k = 0; k <= i; k++) sum += factors[(s * size + i) * size + k] * noise[k];
          out[s * total + first + i] = sum;
        }
        first += size;
      }
    }
  };
}

/** S × q × q: L with L Lᵀ = Σ, from the draws of q sds and then of the correlations, row by row below the diagonal. */
function effectFactors(draws: readonly Float64Array[], size: number): Float64Array {
  const count = draws[0].length;
  const factors = new Float64Array(count * size * size);
  for (let s = 0; s < count; s++) {
    const l = factors.subarray(s * size * size, (s + 1) * size * size);
    let next = size;
    for (let i = 0; i < size; i++) {
      let rest = 1;
      for (let j = 0; j < i; j++) {
        let entry = draws[next++][s];
        for (let k = 0; k < j; k++) entry -= l[i * size + k] * l[j * size + k];
        const own = l[j * size + j];
        l[i * size + j] = own > 0 ? entry / own : 0;
        rest -= l[i * size + j] ** 2;
      }
      l[i * size + i] = Math.sqrt(Math.max(0, rest));
    }
    // Of the correlations so far: rows times their sds.
    for (let i = 0; i < size; i++) for (let k = 0; k <= i; k++) l[i * size + k] *= draws[i][s];
  }
  return factors;
}

/** Known levels by their draws, of which S of all are taken. */
export function drawnLevels(values: Float64Array, numDraws: number, size: number, places: Uint32Array): EffectsWriter {
  return (out, level) => {
    const own = values.subarray(level * numDraws * size, (level + 1) * numDraws * size);
    places.forEach((place, s) => {
      for (let k = 0; k < size; k++) out[s * size + k] = own[place * size + k];
    });
  };
}

/** What laws of levels are computed with. */
interface LawSource {
  readonly laws: LevelLaws;
  readonly mean: Float64Array;
  readonly size: number;
  /** S × M: the parameters at each draw, less their means and by their sds. */
  readonly parameters: Float64Array;
}

/** Known levels by their laws. @param outer of an inner factor: how far an outer level's effects are from what θ tells of them, S × q_o */
export function levelsByLaw(
  { laws, mean, size, parameters }: LawSource,
  outer?: {
    readonly deviation: (level: number) => Float64Array;
    readonly size: number;
  },
): EffectsWriter {
  const { slopes, factors } = laws;
  const numParameters = laws.center.length;
  const count = parameters.length / numParameters;
  const noise = new Float64Array(size);
  return (out, level, random) => {
    const deviations = laws.outer && outer ? outer.deviation(laws.outer.levelOf[level]) : undefined;
    for (let s = 0; s < count; s++) {
      for (let k = 0; k < size; k++) noise[k] = random.normal();
      for (let i = 0; i < size; i++) {
        const at = level * size + i;
        let sum = mean[at];
        for (let m = 0; m < numParameters; m++)
          sum += slopes[at * numParameters + m] * parameters[s * numParameters + m];
        for (let k = 0; k <= i; k++) sum += factors[at * size + k] * noise[k];
        if (deviations)
          for (let o = 0; o < outer!.size; o++)
            sum += laws.outer!.slopes[at * outer!.size + o] * deviations[s * outer!.size + o];
        out[s * size + i] = sum;
      }
    }
  };
}
