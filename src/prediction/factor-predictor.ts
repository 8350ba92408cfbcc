import type { RecipeFactor, RecipeGroups } from "../design/groups/recipe-types.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { GroupEffects } from "./group-effects.ts";
import { type DrawsByName, drawnLevels, type EffectsWriter, levelsByLaw, newLevels } from "./level-effects.ts";

/** The S draws that predictions are made of. */
export interface ChosenDraws {
  readonly numDraws: number;
  readonly byName: DrawsByName;
  /** Where each of them stands among the draws of levels' effects, where there are such. */
  readonly places: Uint32Array;
}

/** What a factor's levels add to linear predictors at S draws. */
export class FactorPredictor {
  readonly name: string;
  private readonly size: number;
  private readonly numSlopes: number;
  /** S × q: the effects of the level that was written last, and which that is. */
  private readonly effects: Float64Array;
  private level: number | undefined;
  private readonly asNew: EffectsWriter;
  private readonly asKnown: EffectsWriter | undefined;
  private readonly slopes: readonly { readonly slope: number; readonly mean: number; readonly scale: number }[];
  private outer: FactorPredictor | undefined;

  constructor(
    factor: RecipeFactor,
    { slopes }: RecipeGroups,
    { numDraws, byName, places }: ChosenDraws,
    private readonly randomOf: (level: number) => Xoshiro,
    private readonly known: { readonly effects: GroupEffects; readonly parameters?: Float64Array } | undefined,
  ) {
    this.name = factor.name;
    this.slopes = factor.terms.flatMap(({ effects }) => {
      // Beside an intercept the effect of x is that of x itself, else that of its distance from the mean.
      const hasIntercept = effects.some(({ slope }) => slope < 0);
      return effects.map(({ slope }) =>
        slope < 0
          ? { slope, mean: 0, scale: 1 }
          : { slope, mean: hasIntercept ? slopes[slope].mean : 0, scale: slopes[slope].scale },
      );
    });
    this.size = this.slopes.length;
    this.numSlopes = slopes.length;
    this.effects = new Float64Array(numDraws * this.size);
    this.asNew = newLevels(factor, byName);
    if (!known) return;
    const { effects, parameters } = known;
    if (effects.known.kind === "draws")
      this.asKnown = drawnLevels(effects.known.values, effects.known.numDraws, this.size, places);
    else {
      const source = { laws: effects.known, mean: effects.mean, size: this.size, parameters: parameters! };
      const outerSize = (effects.known.outer?.slopes.length ?? 0) / (effects.numLevels * this.size);
      this.asKnown = levelsByLaw(source, { size: outerSize, deviation: (level) => this.outer!.deviationOf(level) });
    }
  }

  /** Writes the effects of a level, −1 for a new one. */
  write(level: number, outer: FactorPredictor | undefined): void {
    this.level = level;
    this.outer = outer;
    const random = this.randomOf(level);
    if (level >= 0 && this.asKnown) this.asKnown(this.effects, level, random);
    else this.asNew(this.effects, level, random);
  }

  /** The level whose effects were written last; undefined before any were. */
  get written(): number | undefined {
    return this.level;
  }

  /** @param out predictors × S, each with effects of its own, which stand side by side */
  addTo(out: Float64Array, values: Float64Array, i: number): void {
    const { size, slopes, effects, numSlopes } = this;
    const numDraws = effects.length / size;
    const perPredictor = (size * numDraws) / out.length;
    slopes.forEach(({ slope, mean, scale }, k) => {
      const z = slope < 0 ? 1 : values[i * numSlopes + slope] * scale + mean;
      const first = Math.floor(k / perPredictor) * numDraws;
      for (let s = 0; s < numDraws; s++) out[first + s] += z * effects[s * size + k];
    });
  }

  /** How far the effects of a level are from what θ alone tells of them, S × q: of the level that was written, or drawn anew. */
  private deviationOf(level: number): Float64Array {
    const { size, effects, known } = this;
    const deviations = new Float64Array(effects.length);
    if (known?.effects.known.kind !== "laws" || !known.parameters) return deviations;
    const { mean, known: laws } = known.effects;
    if (level !== this.level) {
      writeNoise(deviations, laws.factors, level, size, this.randomOf(level));
      return deviations;
    }
    const width = laws.center.length;
    for (let at = 0; at < effects.length; at++) {
      const [s, own] = [Math.floor(at / size), level * size + (at % size)];
      let told = mean[own];
      for (let m = 0; m < width; m++) told += laws.slopes[own * width + m] * known.parameters[s * width + m];
      deviations[at] = effects[at] - told;
    }
    return deviations;
  }
}

/** C ε of a level, at each draw. */
function writeNoise(out: Float64Array, factors: Float64Array, level: number, size: number, random: Xoshiro): void {
  const noise = new Float64Array(size);
  for (let s = 0; s * size < out.length; s++) {
    for (let k = 0; k < size; k++) noise[k] = random.normal();
    for (let i = 0; i < size; i++)
      for (let k = 0; k <= i; k++) out[s * size + i] += factors[(level * size + i) * size + k] * noise[k];
  }
}
