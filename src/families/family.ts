import type { Xoshiro } from "../rng/xoshiro.ts";
import type { Auxiliary } from "./auxiliaries.ts";

/** What a family's target is: any numbers, whole numbers of at least 0, one of two values, successes of trials, or one of some classes. */
type TargetKind = "numbers" | "counts" | "event" | "trials" | "classes";

/**
 * How a row's loss f(η, τ; y) depends on its linear predictor and on the logarithms τ of the family's auxiliary parameters,
 * up to terms of y alone. The kernels hold the same functions (kernels/families/row-loss.ts).
 */
export interface RowLoss {
  /** f */
  loss(eta: number, tau: ArrayLike<number>, y: number): number;
  /** Writes ∂f/∂η, ∂f/∂τ₀ and ∂f/∂τ₁; those of parameters that the family does not have are 0. */
  slopesInto(out: Float64Array, eta: number, tau: ArrayLike<number>, y: number): void;
  /** Writes ∂²f/∂η², ∂²f/∂η∂τ₀, ∂²f/∂η∂τ₁, ∂²f/∂τ₀², ∂²f/∂τ₀∂τ₁ and ∂²f/∂τ₁². */
  curvaturesInto(out: Float64Array, eta: number, tau: ArrayLike<number>, y: number): void;
}

/**
 * The predictive law of targets on their own scale, given linear predictors on that scale (for a categorical target one
 * per class, 0 for a reference class) and the auxiliary parameters themselves, not their logarithms. Where the target is of
 * trials, y is how many of so many have succeeded, 1 unless told; other families do not ask for them.
 */
interface Predictive {
  /** E[y | η]; for a categorical target the probability of each class. */
  meanInto(out: Float64Array, eta: Float64Array, auxiliary: Float64Array, trials?: number): void;
  /** One draw of y; for a categorical target the number of a class. */
  draw(
    random: Pick<Xoshiro, "uniform" | "normal">,
    eta: Float64Array,
    auxiliary: Float64Array,
    trials?: number,
  ): number;
  /** log p(y | η), normalised. */
  logDensity(y: number, eta: Float64Array, auxiliary: Float64Array, trials?: number): number;
  /** 2 (log p of the model that predicts y itself − log p(y | η)). */
  deviance(y: number, eta: Float64Array, auxiliary: Float64Array, trials?: number): number;
}

/** One family; see `gaussian.ts` and the files beside it. */
export interface Family {
  /** As in the list of `families.ts`, or "custom". */
  readonly name: string;
  readonly target: TargetKind;
  /** Of `auxiliaries.ts`, at most two. */
  readonly auxiliaries: readonly Auxiliary[];
  /** ∂f/∂τ of the auxiliary parameter of an index in τ. */
  auxiliarySlope(index: number, eta: Float64Array, tau: ArrayLike<number>, y: number): number;
  /** Absent where a row has several linear predictors. */
  readonly row?: RowLoss;
  /** Writes ∂f/∂η_k to `out`. */
  slopesInto(out: Float64Array, eta: Float64Array, tau: ArrayLike<number>, y: number, hasReference: boolean): void;
  /**
   * Overwrites V with W V W, where W is the matrix of ∂²f/∂η_k∂η_l. V is symmetric; its lower triangle is given, row by
   * row.
   */
  sandwichCurvatureInto(
    v: Float32Array,
    eta: Float64Array,
    tau: ArrayLike<number>,
    y: number,
    hasReference: boolean,
  ): void;
  readonly predictive: Predictive;
}

/** A family with one linear predictor. */
export function familyOfRow(
  parts: Pick<Family, "name" | "target" | "auxiliaries" | "predictive">,
  row: RowLoss,
): Family {
  const slopes = new Float64Array(3);
  const curvatures = new Float64Array(6);
  return {
    ...parts,
    row,
    slopesInto(out, eta, tau, y) {
      row.slopesInto(slopes, eta[0], tau, y);
      out[0] = slopes[0];
    },
    auxiliarySlope(index, eta, tau, y) {
      row.slopesInto(slopes, eta[0], tau, y);
      return slopes[index + 1];
    },
    sandwichCurvatureInto(v, eta, tau, y) {
      row.curvaturesInto(curvatures, eta[0], tau, y);
      v[0] *= curvatures[0] ** 2;
    },
  };
}
