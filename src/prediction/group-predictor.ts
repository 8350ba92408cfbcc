import type { EncodedGroups } from "../design/groups/encode-groups.ts";
import type { RecipeGroups } from "../design/groups/recipe-types.ts";
import { InputError } from "../errors.ts";
import type { EffectNoise } from "./effect-noise.ts";
import { type ChosenDraws, FactorPredictor } from "./factor-predictor.ts";
import { type PredictiveFit, parameterNames } from "./predictive-fit.ts";

/** Which groups rows are of: those of the fit, new ones, or none, which is where every effect is 0. */
export type GroupChoice = "known" | "new" | "population";

/** How groups are predicted. */
export interface GroupOptions {
  readonly choice: GroupChoice;
  readonly noise: EffectNoise;
}

/** How many draws of levels' effects a fit has, to which its predictions keep; undefined where it has none. */
export function effectDrawsOf({ groupEffects, recipe }: PredictiveFit, choice: GroupChoice): number | undefined {
  if (!recipe.groups || choice !== "known") return undefined;
  const known = groupEffects?.[0]?.known;
  return known?.kind === "draws" ? known.numDraws : undefined;
}

/** What the groups of rows add to their linear predictors at S draws. */
export class GroupPredictor {
  /** By factor: rows so far whose level no row of the fit has. */
  readonly newLevels: ReadonlyMap<string, number>;
  private readonly counts = new Map<string, number>();
  private readonly factors: readonly FactorPredictor[];
  private readonly noise: EffectNoise;

  /** @throws InputError where known groups are asked for, and the fit has kept no effects of theirs */
  constructor(fit: PredictiveFit, groups: RecipeGroups, { choice, noise }: GroupOptions, draws: ChosenDraws) {
    this.newLevels = this.counts;
    this.noise = noise;
    if (choice === "population") {
      this.factors = [];
      return;
    }
    if (choice === "known" && !fit.groupEffects)
      throw new InputError(
        "The fit has kept no effects of its groups, so that none can be predicted as known: fit again with --save or --effects, or give --groups new, or --groups population.",
      );
    const parameters = choice === "known" ? parametersAt(fit, draws) : undefined;
    this.factors = groups.factors.map((factor, f) => {
      const effects = fit.groupEffects?.find((own) => own.factor === factor.name);
      return new FactorPredictor(
        factor,
        groups,
        draws,
        (level) => noise.of(f, level),
        choice === "known" && effects ? { effects, parameters } : undefined,
      );
    });
  }

  /** Adds to the i-th encoded row's linear predictors at S draws, of one class after the other. */
  addTo(out: Float64Array, { levels, slopes }: EncodedGroups, i: number): void {
    let outer: FactorPredictor | undefined;
    this.factors.forEach((factor, f) => {
      const level = levels?.[f][i] ?? -1;
      if (level < 0 && levels) this.counts.set(factor.name, (this.counts.get(factor.name) ?? 0) + 1);
      if (level !== factor.written || !this.noise.isSame(level)) factor.write(level, outer);
      factor.addTo(out, slopes, i);
      outer = factor;
    });
  }
}

/** The parameters at the draws, as laws of levels take them. */
function parametersAt(fit: PredictiveFit, { numDraws, byName }: ChosenDraws): Float64Array | undefined {
  const laws = fit.groupEffects?.[0]?.known;
  if (laws?.kind !== "laws") return undefined;
  const names = parameterNames(fit.recipe);
  const values = new Float64Array(numDraws * names.length);
  names.forEach((name, m) => {
    const own = byName(name);
    for (let s = 0; s < numDraws; s++) values[s * names.length + m] = (own[s] - laws.center[m]) / laws.scale[m];
  });
  return values;
}
