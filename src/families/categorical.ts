import type { Family } from "./family.ts";

/**
 * Classes: f = log Σ_k e^(η_k) − η_y. With a reference class, class 0 has η = 0 and no parameters.
 */
export const categorical: Family = {
  name: "categorical",
  target: "classes",
  auxiliaries: [],
  slopesInto(out, eta, _tau, y, hasReference) {
    softmaxInto(out, eta, hasReference);
    const output = y - Number(hasReference);
    if (output >= 0) out[output] -= 1;
  },
  auxiliarySlope: () => 0,
  sandwichCurvatureInto(v, eta, _tau, _y, hasReference) {
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
  predictive: {
    meanInto: (out, eta) => softmaxInto(out, eta, false),
    draw(random, eta) {
      const means = new Float64Array(eta.length);
      softmaxInto(means, eta, false);
      let left = random.uniform();
      const found = means.findIndex((mean) => {
        left -= mean;
        return left < 0;
      });
      return found < 0 ? means.length - 1 : found;
    },
    logDensity: (y, eta) => eta[y] - logSumExp(eta),
    deviance: (y, eta) => 2 * (logSumExp(eta) - eta[y]),
  },
};

function logSumExp(eta: Float64Array): number {
  const top = Math.max(...eta);
  return top + Math.log(eta.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** The probabilities of the classes that have parameters; the reference class has η = 0. */
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
