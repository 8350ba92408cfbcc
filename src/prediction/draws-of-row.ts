import type { Family } from "../families/family.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { Predictors } from "./predictors.ts";

/** A row's law at S draws of the posterior: what its family says of its linear predictors. */
export class DrawsOfRow {
  /** S draws of the target, one of each draw's law. */
  readonly targets: Float64Array;
  private readonly eta: Float64Array;
  private readonly logDensities: Float64Array;

  constructor(
    private readonly family: Family,
    private readonly posterior: Predictors,
  ) {
    this.targets = new Float64Array(posterior.numDraws);
    this.logDensities = new Float64Array(posterior.numDraws);
    this.eta = new Float64Array(posterior.numPredictors);
  }

  /** Calls `visit` with the row's linear predictors and auxiliary parameters at each draw. */
  private forEach(predictors: Float64Array, visit: (s: number, eta: Float64Array, auxiliary: Float64Array) => void) {
    const { eta, posterior } = this;
    const { numDraws, auxiliaries } = posterior;
    for (let s = 0; s < numDraws; s++) {
      for (let k = 0; k < eta.length; k++) eta[k] = predictors[k * numDraws + s];
      visit(s, eta, auxiliaries[s]);
    }
  }

  /** Writes E[y] at each draw; for classes their K probabilities, draw by draw. */
  meansInto(out: Float64Array, predictors: Float64Array): void {
    const { meanInto } = this.family.predictive;
    const mean = new Float64Array(this.eta.length);
    this.forEach(predictors, (s, eta, auxiliary) => {
      meanInto(mean, eta, auxiliary);
      out.set(mean, s * mean.length);
    });
  }

  drawTargets(predictors: Float64Array, random: Xoshiro): void {
    const { draw } = this.family.predictive;
    this.forEach(predictors, (s, eta, auxiliary) => {
      this.targets[s] = draw(random, eta, auxiliary);
    });
  }

  /** log of the mean over the draws of p(y). */
  logMeanDensity(predictors: Float64Array, y: number): number {
    const { logDensity } = this.family.predictive;
    const { logDensities } = this;
    let top = Number.NEGATIVE_INFINITY;
    this.forEach(predictors, (s, eta, auxiliary) => {
      logDensities[s] = logDensity(y, eta, auxiliary);
      if (logDensities[s] > top) top = logDensities[s];
    });
    if (top === Number.NEGATIVE_INFINITY) return top;
    let sum = 0;
    for (let s = 0; s < logDensities.length; s++) sum += Math.exp(logDensities[s] - top);
    return top + Math.log(sum / logDensities.length);
  }
}
