import { Family } from "../../kernels/layout.ts";

export type FamilyName = "gaussian" | "bernoulli" | "categorical";

/**
 * How a row's loss depends on its linear predictors η (one, or for `categorical` one for every class that has parameters)
 * and the auxiliary parameter τ (log σ for `gaussian`, none for the others). The kernels hold the same functions in SIMD
 * (kernels/loss.ts, kernels/softmax.ts); these serve the checks on small samples.
 */
export interface FamilyFunctions {
  readonly name: FamilyName;
  readonly kernel: Family;
  /** Whether the family has a noise scale, which is learned or fixed. */
  readonly hasSigma: boolean;
  /** Writes ∂f/∂η_k to `out`. */
  slopesInto(out: Float64Array, eta: Float64Array, tau: number, y: number, hasReference: boolean): void;
  /**
   * Overwrites V with W V W, W the matrix of ∂²f/∂η_k∂η_l. Of the symmetric V the lower triangle is given, row by row.
   */
  sandwichCurvatureInto(v: Float32Array, eta: Float64Array, tau: number, hasReference: boolean): void;
  /** ∂f/∂τ */
  auxiliarySlope(eta: Float64Array, tau: number, y: number): number;
}

const gaussian: FamilyFunctions = {
  name: "gaussian",
  kernel: Family.gaussian,
  hasSigma: true,
  slopesInto: (out, [eta], tau, y) => {
    out[0] = (eta - y) * Math.exp(-2 * tau);
  },
  sandwichCurvatureInto: (v, _eta, tau) => {
    v[0] *= Math.exp(-4 * tau);
  },
  auxiliarySlope: ([eta], tau, y) => 1 - (y - eta) ** 2 * Math.exp(-2 * tau),
};

const bernoulli: FamilyFunctions = {
  name: "bernoulli",
  kernel: Family.bernoulli,
  hasSigma: false,
  slopesInto: (out, [eta], _tau, y) => {
    out[0] = 1 / (1 + Math.exp(-eta)) - y;
  },
  sandwichCurvatureInto: (v, [eta]) => {
    const mean = 1 / (1 + Math.exp(-eta));
    v[0] *= (mean * (1 - mean)) ** 2;
  },
  auxiliarySlope: () => 0,
};

const categorical: FamilyFunctions = {
  name: "categorical",
  kernel: Family.categorical,
  hasSigma: false,
  slopesInto(out, eta, _tau, y, hasReference) {
    softmaxInto(out, eta, hasReference);
    const output = y - Number(hasReference);
    if (output >= 0) out[output] -= 1;
  },
  sandwichCurvatureInto(v, eta, _tau, hasReference) {
    // With W = diag(μ) − μ μᵀ: (W V W)_kl = μ_k μ_l (V_kl − (V μ)_k − (V μ)_l + μᵀ V μ).
    const size = eta.length;
    const means = new Float64Array(size);
    softmaxInto(means, eta, hasReference);
    const products = new Float64Array(size);
    for (let k = 0, p = 0; k < size; k++) {
      for (let l = 0; l <= k; l++, p++) {
        products[k] += v[p] * means[l];
        if (l < k) products[l] += v[p] * means[k];
      }
    }
    const total = products.reduce((sum, product, k) => sum + means[k] * product, 0);
    for (let k = 0, p = 0; k < size; k++)
      for (let l = 0; l <= k; l++, p++) v[p] = means[k] * means[l] * (v[p] - products[k] - products[l] + total);
  },
  auxiliarySlope: () => 0,
};

/** The probabilities of the classes that have parameters; a reference class has η = 0. */
function softmaxInto(out: Float64Array, eta: Float64Array, hasReference: boolean): void {
  let top = hasReference ? 0 : Number.NEGATIVE_INFINITY;
  for (let k = 0; k < eta.length; k++) top = Math.max(top, eta[k]);
  let sum = hasReference ? Math.exp(-top) : 0;
  for (let k = 0; k < eta.length; k++) {
    out[k] = Math.exp(eta[k] - top);
    sum += out[k];
  }
  for (let k = 0; k < eta.length; k++) out[k] /= sum;
}

/** The one list of families; the command's choices are derived from it. */
export const families: Readonly<Record<FamilyName, FamilyFunctions>> = { gaussian, bernoulli, categorical };
