/**
 * Weights w ≥ 0, Σ w = 1, that make Σ_n log Σ_k w_k p_k(y_n) largest (stacking: Yao, Vehtari, Simpson & Gelman 2018), by the
 * expectation-maximisation of a mixture whose parts are known. At the maximum g_k = (1/N) Σ_n p_k(y_n)/Σ_j w_j p_j(y_n) is at most 1 for
 * every k, and max g − 1 bounds how far the mean of the logarithms is from its maximum, which says when to stop.
 *
 * @param logDensities of each model, N numbers
 */
export function stackingWeights(logDensities: readonly Float64Array[]): Float64Array {
  const count = logDensities.length;
  const numRows = logDensities[0].length;
  const densities = logDensities.map(() => new Float64Array(numRows));
  for (let n = 0; n < numRows; n++) {
    const top = Math.max(...logDensities.map((own) => own[n]));
    densities.forEach((own, k) => {
      own[n] = Math.exp(logDensities[k][n] - top);
    });
  }
  const weights = new Float64Array(count).fill(1 / count);
  const gains = new Float64Array(count);
  for (let step = 0; step < maxSteps; step++) {
    gains.fill(0);
    for (let n = 0; n < numRows; n++) {
      let mixture = 0;
      for (let k = 0; k < count; k++) mixture += weights[k] * densities[k][n];
      for (let k = 0; k < count; k++) gains[k] += densities[k][n] / mixture;
    }
    for (let k = 0; k < count; k++) gains[k] /= numRows;
    if (Math.max(...gains) - 1 < gap) break;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      weights[k] *= gains[k];
      sum += weights[k];
    }
    for (let k = 0; k < count; k++) weights[k] /= sum;
  }
  return weights;
}

const maxSteps = 20_000;
const gap = 1e-8;
