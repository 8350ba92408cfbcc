import type { EncodedRows } from "../design/recipe/encode-rows.ts";
import { InputError } from "../errors.ts";
import { families } from "../families/families.ts";
import { DrawsOfRow } from "../prediction/draws-of-row.ts";
import { noiseOfOneNewGroup } from "../prediction/effect-noise.ts";
import type { GroupChoice } from "../prediction/group-predictor.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";
import { Predictors } from "../prediction/predictors.ts";

/** On what scale predictions are averaged. */
type EffectScale = "response" | "link";

/** What predictions of rows are made with. */
export interface EvaluationOptions {
  readonly scale: EffectScale;
  readonly groups: GroupChoice;
  readonly seed: number;
}

/** Linear predictors up to here have squares, and means beyond all rates of counts. */
const maxPredictor = 1e100;

/** E[y | x], or the linear predictors, of a row at S draws. */
export class Evaluation {
  /** S */
  readonly numDraws: number;
  /** P: 1, or one for each class. */
  readonly numOutputs: number;
  /** P × S: of the row that was evaluated last. */
  readonly values: Float64Array;
  private readonly posterior: Predictors;
  private readonly row: DrawsOfRow;
  private readonly means: Float64Array;

  /** @throws InputError where the fit lacks the draws of a coefficient, or of its groups' effects */
  constructor(
    fit: PredictiveFit,
    maxDraws: number,
    private readonly options: EvaluationOptions,
  ) {
    const noise = noiseOfOneNewGroup(options.seed);
    this.posterior = new Predictors(fit, maxDraws, { choice: options.groups, noise });
    this.row = new DrawsOfRow(families[fit.recipe.family], this.posterior);
    this.numDraws = this.posterior.numDraws;
    this.numOutputs = this.posterior.numPredictors;
    this.values = new Float64Array(this.numDraws * this.numOutputs);
    this.means = new Float64Array(this.values.length);
  }

  /** By grouping factor: rows so far whose level no row of the fit has. */
  get newLevels(): ReadonlyMap<string, number> {
    return this.posterior.newLevels;
  }

  /** Evaluates the i-th of the rows. @throws InputError where its linear predictors are too large for its means to be numbers */
  evaluate(rows: EncodedRows, i: number): Float64Array {
    const { values, means, numDraws, numOutputs } = this;
    this.posterior.predictInto(values, rows, i);
    for (let t = 0; t < values.length; t++) {
      // Not ">": NaN counts as too large.
      if (Math.abs(values[t]) <= maxPredictor) continue;
      throw new InputError(
        "A row is so far from the rows of the fit that its linear predictor is beyond the arithmetic; correct the row, or the value that a column is set to.",
      );
    }
    if (this.options.scale === "link") return values;
    if (numOutputs === 1) {
      this.row.meansInto(means, values);
      return means;
    }
    this.row.meansInto(means, values);
    for (let s = 0, at = 0; s < numDraws; s++)
      for (let k = 0; k < numOutputs; k++) values[k * numDraws + s] = means[at++];
    return values;
  }
}
