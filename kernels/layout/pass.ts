// Tasks that sum over rows, or give each row a number.
// A record of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.

/**
 * What a pass over rows accumulates into its Gram matrix: Σ a x xᵀ, Σ b x, Σ c. With several numPredictors η is a vector and a
 * the matrix of its derivatives, and the Gram matrix is made of blocks Σ a_kl x xᵀ.
 */
export const enum GramKind {
  /** Loss and gradient only. */
  none = 0,
  /** Hessian: a = ∂²f/∂η², b = ∂²f/∂η∂τ, c = ∂²f/∂τ² (with two auxiliary parameters b is a vector and c a matrix). */
  curvature = 1,
  /** Second moment of a row's gradient: a = (∂f/∂η)², b = ∂f/∂η ∂f/∂τ, c = (∂f/∂τ)². */
  squaredGradient = 2,
  /**
   * Second moment of a row's control-variate term: as squaredGradient, with the residual
   * r = ∇f(θ) − ∇f(θ̂) − ∇²f(θ̂)(θ − θ̂) of the row, times the row's weight, in place of the gradient
   * (and in the gradient sums too).
   */
  squaredResidual = 3,
  /**
   * a = rowValues[n], b = c = 0. With several numPredictors block (k, l) of the Gram matrix, k ≥ l, has
   * a_kl = rowValues[n P + k (k + 1)/2 + l], P = numPredictors (numPredictors + 1)/2.
   */
  given = 4,
}

/** One task of passRows: sums over rows from, from + step, … < to (or over a list of rows). */
export const enum Pass {
  /** u32: address of a Model record. */
  model = 0,
  /** u32: address of M f64: θ. */
  position = 1,
  /** u32: address of M f64: θ̂, read where weights = squaredResidual. */
  center = 2,
  /** u32: a GramKind. */
  gramKind = 3,
  from = 4,
  to = 5,
  step = 6,
  /** u32: address of u32 row numbers; from, to and step then count in this list. 0: rows themselves. */
  rowList = 7,
  /** u32: address of N f32 (N P with several numPredictors), read where weights = given. */
  rowValues = 8,
  /**
   * u32: address of 2 + M + M·M f64 (2 + M where gramKind = none, 2 + 2 M where isDiagonal), overwritten with PassOutput: sums over
   * the pass's rows, of the likelihood only, never the prior.
   */
  output = 9,
  /** u32: address of densePassScratchBytes or sparsePassScratchBytes (scratch.ts) bytes of scratch for this task. */
  scratch = 10,
  /** u32: 1: of the Gram matrix only the diagonal, M f64, is wanted. */
  isDiagonal = 11,
  /**
   * u32: 1: products with dense rows of one predictor in f32, four at once, sums over 64 rows of the gradient too. Read where
   * gramKind = none.
   */
  isSingle = 12,
  slots = 13,
}

/** Where a pass's sums stand in its output: bytes from the begin. */
export const enum PassOutput {
  /** f64: Σ f */
  loss = 0,
  /** f64: the number of rows. */
  count = 8,
  /**
   * M f64: Σ gradient. After it the Gram matrix (M×M, row-major, both triangles; rows and columns from D on are the cross terms
   * of the auxiliary parameters), or its diagonal.
   */
  gradient = 16,
}

/** One task of influenceRows: a value a row, for rows from .. to − 1. */
export const enum Influence {
  /** u32: address of a Model record. */
  model = 0,
  /** u32: address of M f64: θ̂. */
  center = 1,
  /** u32: address of M×M f64, row-major lower triangular K with covariance P = K Kᵀ. */
  factor = 2,
  from = 3,
  to = 4,
  /**
   * u32: address of N f32, leverage v_n = |(K_β)ᵀ x_n|² = x_nᵀ P x_n; 0: not wanted. With several numPredictors N P f32, a row's
   * matrix V_n of entries x_nᵀ P_kl x_n (P_kl the blocks of P), its lower triangle row by row.
   */
  leverage = 5,
  /**
   * u32: address of N f32, influence q_n; 0: not wanted. Root mean square, over the points δη = ±1.5 √v_n,
   * δτ = 1.5 L s, P_ττ = L Lᵀ, s all vectors of signs (none where there are no auxiliary parameters), of
   * √(r_η² v_n + r_τᵀ P_ττ r_τ), r the row's residual of GramKind.squaredResidual (times the row's own weight). With several numPredictors the mean of √(rᵀ V_n r) is over points δη = ±1.5 L s,
   * V_n = L Lᵀ, s the first rows of a Walsh matrix, as many as the least power of two not below the number of numPredictors,
   * but 8 at most; for one output these are the two points above.
   */
  influence = 6,
  scratch = 7,
  /** u32: address of M×M f64: P, row-major; read where rows are sparse. */
  covariance = 8,
  slots = 9,
}
