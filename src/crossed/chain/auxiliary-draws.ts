import type { Xoshiro } from "../../rng/xoshiro.ts";
import { sliceAlongLater } from "../slice.ts";
import { type AuxiliaryPlace, logPriorOfAuxiliary, tauOf, type VarianceLayout } from "../variances.ts";
import { lossScale, type Potential } from "./potential.ts";

interface ChainState {
  readonly unknowns: Float64Array;
  readonly theta: Float64Array;
}

/** Draws of the family's own parameters given all η, from exp(−Σ w f(η, τ)) and their priors. */
export class AuxiliaryDraws {
  /** Σ w */
  readonly #count: number;

  constructor(
    private readonly potential: Potential,
    private readonly layout: VarianceLayout,
    private readonly random: Xoshiro,
  ) {
    const { weights, numRows } = potential.model;
    this.#count = weights ? weights.reduce((sum, weight) => sum + weight, 0) : numRows;
  }

  /**
   * One slice of one of them; a pass over the rows for each value that is tried, but for gaussian rows, whose loss has σ outside.
   * Returns Σ w f at the new one.
   *
   * @param state its θ is overwritten
   * @param rowLoss Σ w f as it is
   */
  async draw(place: AuxiliaryPlace, state: ChainState, rowLoss: number, width: number): Promise<number> {
    const { potential, layout } = this;
    const isGaussian = potential.model.family === "gaussian";
    const logDensityWith = (theta: Float64Array, loss: number) =>
      logPriorOfAuxiliary(place, theta) -
      (isGaussian ? this.#count * theta[place.at] : 0) -
      lossScale(potential.model, layout, theta) * loss;
    let lastLoss = rowLoss;
    const logDensity = async (theta: Float64Array) => {
      if (!isGaussian) lastLoss = await potential.rowLoss(state.unknowns, tauOf(layout, theta));
      return logDensityWith(theta, lastLoss);
    };
    const direction = new Float64Array(state.theta.length);
    direction[place.at] = width;
    const before = state.theta[place.at];
    await sliceAlongLater(this.random, logDensity, state.theta, direction, logDensityWith(state.theta, rowLoss));
    return state.theta[place.at] === before ? rowLoss : lastLoss;
  }
}
