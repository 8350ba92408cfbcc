/** What a diagonal step is made from; every array has M entries. */
export interface DiagonalNoise {
  /** Diagonal of C. */
  readonly noise: Float64Array;
  /** λ_j of the normal priors. */
  readonly priorPrecision: Float64Array;
  /** N */
  readonly numRows: number;
}

/** H and the R of R z, both diagonal, M. */
export interface BoundedDiagonalStep {
  readonly step: Float64Array;
  readonly noise: Float64Array;
}

/**
 * Diagonal Fisher scoring with bounded steps: H_jj = 2 / (a_j + (N/S) C_jj + N e_j), where noise e_j is injected in
 * coordinate j only if H_jj would otherwise exceed `largest`: e_j = (2/largest − a_j)/N − C_jj/S if that is positive. a_j
 * = C_jj + λ_j/N replaces A_jj (C ≈ A). Then N (AΣ)_jj = 1 in every coordinate, as for the posterior itself, even where
 * the data say nothing. As `largest` falls, injected noise outweighs the gradient's and Σ tends to P in every direction.
 * Source: Mandt, Hoffman & Blei (2017), section 5.2 and Corollary 6; the terms a_j make it exact at a finite step (not in
 * the paper).
 */
export function boundedDiagonalStep(
  { noise, priorPrecision, numRows }: DiagonalNoise,
  batchSize: number,
  largest: number,
): BoundedDiagonalStep {
  const step = new Float64Array(noise.length);
  const factor = new Float64Array(noise.length);
  for (let j = 0; j < noise.length; j++) {
    const curvature = noise[j] + priorPrecision[j] / numRows;
    const injected = Math.max(0, (2 / largest - curvature) / numRows - noise[j] / batchSize);
    step[j] = 2 / (curvature + (numRows / batchSize) * noise[j] + numRows * injected);
    factor[j] = step[j] * Math.sqrt(injected);
  }
  return { step, noise: factor };
}

/** γ = Σ_j C_jj/(C_jj + λ_j/N): how many parameters the data determine, as if none were correlated. */
export function effectiveParameters({ noise, priorPrecision, numRows }: DiagonalNoise): number {
  return noise.reduce((sum, c, j) => sum + (c > 0 ? c / (c + priorPrecision[j] / numRows) : 0), 0);
}
