import type { Family } from "../families/family.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { Predictors } from "./predictors.ts";

/** A row's predictive law at S draws of the posterior, given by its family and its P linear predictors. */
export class DrawsOfRow {
  /** S draws of the target, one of each draw's law. */
  readonly targets: Float64Array;
  private readonly eta: Float64Array;
  private readonly mean: Float64Array;
  private readonly logDensities: Float64Array;

  constructor(
    private readonly family: Family,
    private readonly posterior: Predictors,
  ) {
    this.targets = new Float64Array(posterior.numDraws);
    this.logDensities = new Float64Array(posterior.numDraws);
    this.eta = new Float64Array(posterior.numPredictors);
    this.mean = new Float64Array(posterior.numPredictors);
  }

  /** The P linear predictors at a draw. */
  private at(s: number, predictors: Float64Array): Float64Array {
    const { eta } = this;
    for (let k = 0, index = s; k < eta.length; k++, index += this.targets.length) eta[k] = predictors[index];
    return eta;
  }

  /** Writes E[y] at each draw, of a target of trials that of one trial; for classes their K probabilities, draw by draw. */
  meansInto(out: Float64Array, predictors: Float64Array): void {
    const { mean, posterior, family } = this;
    for (let s = 0, index = 0; s < posterior.numDraws; s++) {
      family.predictive.meanInto(mean, this.at(s, predictors), posterior.auxiliaries[s]);
      for (let k = 0; k < mean.length; k++) out[index++] = mean[k];
    }
  }

  /** @param trials of a target of trials how many there are */
  drawTargets(predictors: Float64Array, random: Xoshiro, trials?: number): void {
    const { targets, posterior, family } = this;
    for (let s = 0; s < posterior.numDraws; s++)
      targets[s] = family.predictive.draw(random, this.at(s, predictors), posterior.auxiliaries[s], trials);
  }

  /** Draws classes from K probabilities at each draw, or events from one. */
  drawClasses(probabilities: Float64Array, random: Xoshiro): void {
    const { targets } = this;
    const numProbabilities = probabilities.length / targets.length;
    for (let s = 0, index = 0; s < targets.length; s++, index += numProbabilities) {
      let left = random.uniform();
      if (numProbabilities === 1) {
        targets[s] = left < probabilities[index] ? 1 : 0;
        continue;
      }
      let k = 0;
      for (; k < numProbabilities - 1; k++) {
        left -= probabilities[index + k];
        if (left < 0) break;
      }
      targets[s] = k;
    }
  }

  /** Writes log p(y) at each draw. @param out S */
  logDensitiesInto(out: Float64Array, predictors: Float64Array, y: number, trials?: number): void {
    const { posterior, family } = this;
    for (let s = 0; s < posterior.numDraws; s++)
      out[s] = family.predictive.logDensity(y, this.at(s, predictors), posterior.auxiliaries[s], trials);
  }

  /** log of the mean over the draws of p(y). */
  logMeanDensity(predictors: Float64Array, y: number, trials?: number): number {
    this.logDensitiesInto(this.logDensities, predictors, y, trials);
    return logMeanExp(this.logDensities);
  }
}

/** log (1/S) Σ exp x_s */
export function logMeanExp(values: Float64Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let s = 0; s < values.length; s++) if (values[s] > top) top = values[s];
  if (top === Number.NEGATIVE_INFINITY) return top;
  let sum = 0;
  for (let s = 0; s < values.length; s++) sum += Math.exp(values[s] - top);
  return top + Math.log(sum / values.length);
}
