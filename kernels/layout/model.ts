// The records that TypeScript and the kernels share. Every slot is 8 bytes wide: slot k of a record at address p
// stands at p + 8k. A slot holds an u32 (counts, addresses, kinds) in its first 4 bytes, or an f64; the comment says
// which. This file is plain enough to be compiled by AssemblyScript and by TypeScript alike, so the two cannot differ.

/**
 * How a row's loss f(η, τ; y) depends on its linear predictor η = xᵀβ + offset and on the family's auxiliary parameters, of
 * which it has up to two: τ = (τ₀, τ₁), logarithms of positive numbers.
 */
export const enum Family {
  /** f = ½ (y − η)² e^(−2τ₀) + τ₀, with τ₀ = log σ. */
  gaussian = 0,
  /** f = log(1 + e^η) − y η, y ∈ {0, 1}. */
  bernoulli = 1,
  /**
   * f = log Σ_k e^(η_k) − η_y over K classes, one linear predictor a class: θ holds β_k of D entries after β_(k−1). With a
   * reference class (Model.hasReference) class 0 has η_0 = 0 and no parameters, and output k − 1 belongs to class k.
   */
  categorical = 2,
  /** f = e^η − y η + log y!, y a whole number. */
  poisson = 3,
  /** Counts of mean μ = e^η and variance μ + α μ², τ₀ = log α: f = (y + 1/α) log(1 + αμ) − y η − Σ_{k<y} log(1 + αk) + log y!. */
  negativeBinomial = 4,
  /** (y − η)/σ has Student's t law of ν degrees of freedom, τ₀ = log σ, τ₁ = log ν. */
  studentT = 5,
}

/**
 * The record of a sparse row: a head, then `count` entries in the order of their columns. Entry e stands 8 e bytes further
 * than the first, whose places are given here.
 */
export const enum SparseRow {
  /** u32 */
  count = 0,
  /** f32 */
  target = 4,
  /** f32 */
  offset = 8,
  /** f32 */
  weight = 12,
  head = 16,
  /** u32 */
  column = 16,
  /** f32: x', the column's value over its scale. */
  value = 20,
}

/** A design matrix and the loss over it: Σ weight_n f(x_nᵀβ + offset_n, τ; y_n). */
export const enum Model {
  /** u32: address of the rows, f32, row-major, 64-byte aligned. Target, offset and weight stand at the end (row-side.ts). */
  rows = 0,
  /** u32: N. */
  numRows = 1,
  /** u32: D, the number of columns of the design. */
  numColumns = 2,
  /** u32: D rounded up to a multiple of 8; columns D .. paddedColumns − 1 are zero, unless the target, offset or weight stands there. */
  paddedColumns = 3,
  /** u32: floats from one row to the next, a multiple of 8, with room for D columns, target, offset and weight. */
  stride = 4,
  /** u32: a Family. */
  family = 5,
  /** u32: how many auxiliary parameters are the last of θ (M = D numPredictors + auxiliary); the others are fixed or absent. */
  auxiliary = 6,
  /** f64: τ₀ where it is fixed. */
  fixedAuxiliary = 7,
  /** u32: address of M f64, the normal priors' precision of each parameter; 0 where the prior is not normal. */
  priorPrecision = 8,
  /** u32: address of M f64, the normal priors' means. */
  priorMean = 9,
  /** u32: address of the ShapedPrior records, one after the other. */
  shapedPriors = 10,
  /** u32: address of N alias-table entries (AliasEntry), 0 for uniform rows of weight 1. */
  aliasTable = 11,
  /** u32: linear predictors a row, each with D parameters: 1, and for the categorical family K or K − 1. */
  numPredictors = 12,
  /** u32: 1 where the categorical family's class 0 has no parameters. */
  hasReference = 13,
  /** u32: how many priors are not normal. */
  numShapedPriors = 14,
  /** u32: the index in τ of the first auxiliary parameter that is not fixed: 1 where τ₀ is fixed and τ₁ is a parameter. */
  firstAuxiliary = 15,
  /** f64: τ₁ where it is fixed. */
  secondFixedAuxiliary = 16,
  /** u32: 1 where rows have an offset. */
  hasOffset = 17,
  /** u32: 1 where rows have a weight. */
  hasWeights = 18,
  /**
   * u32: address of N u32, the address of each row's record (SparseRow); 0: rows are dense. With sparse rows `rows` is not
   * read, `stride` is the mean length of a record in words, and paddedColumns is above D.
   */
  rowStarts = 19,
  /** u32: address of D f64, m' of each column of sparse rows: the column is x' − m'. */
  shift = 20,
  /** u32: address of a Groups record, whose groups stand in the place of rows; 0: rows are rows. */
  groups = 21,
  /** u32: rows that the priors are shared out among: N, unless the rows are some that stand for more. */
  wholeRows = 22,
  slots = 23,
}

/** One row's entry of the alias table: 16 bytes, so that a draw touches one cache line. */
export const enum AliasEntry {
  /** u32: the row itself is taken where a second random word is < threshold (or threshold = 2³² − 1), else its alias. */
  threshold = 0,
  /** u32 */
  alias = 4,
  /** f32: 1/(N p) of the row itself. */
  weight = 8,
  /** f32: 1/(N p) of its alias. */
  aliasWeight = 12,
  bytes = 16,
}
