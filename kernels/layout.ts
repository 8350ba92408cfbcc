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

/** A prior that is not normal, of one parameter x. Those of s = e^x have the density of x, the Jacobian in it. */
export const enum PriorKind {
  /** −log p = ½ (a + 1) log(1 + (x − b)²/(a c²)): a degrees of freedom, location b, scale c. */
  studentT = 0,
  /** −log p = |x − b|/c. */
  laplace = 1,
  /** s has a gamma law of shape a and rate b: −log p = b e^x − a x. */
  gamma = 2,
  /** s has half a Student's t law of a degrees of freedom and scale c: −log p = ½ (a + 1) log(1 + e^(2x)/(a c²)) − x. */
  halfStudentT = 3,
  /** s has half a normal law of scale c: −log p = e^(2x)/(2 c²) − x. */
  halfNormal = 4,
}

/** One prior that is not normal: a record as those below. */
export const enum ShapedPrior {
  /** u32: the parameter's place in θ. */
  index = 0,
  /** u32: a PriorKind. */
  kind = 1,
  /** f64 */
  a = 2,
  b = 3,
  c = 4,
  /**
   * f64: slope and curvature of the linear function that stands for the prior's gradient around θ̂ in Gradient.controlVariate:
   * the residual is slope(x) − referenceSlope − referenceCurvature (x − x̂).
   */
  referenceSlope = 5,
  referenceCurvature = 6,
  slots = 7,
}

/**
 * What a pass over rows accumulates into its Gram matrix: Σ a x xᵀ, Σ b x, Σ c. With several outputs η is a vector and a
 * the matrix of its derivatives, and the Gram matrix is made of blocks Σ a_kl x xᵀ.
 */
export const enum Weights {
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
   * a = rowValues[n], b = c = 0. With several outputs block (k, l) of the Gram matrix, k ≥ l, has
   * a_kl = rowValues[n P + k (k + 1)/2 + l], P = outputs (outputs + 1)/2.
   */
  given = 4,
}

export const enum Gradient {
  /** ĝ = (1/S) Σ weight_n ∇f_n(θ) + (prior gradient)/N; the weights are 1 where there is no alias table. */
  minibatch = 0,
  /** ĝ = (1/S) Σ weight_n r_n(θ) + (prior residual), r_n as in Weights.squaredResidual. */
  controlVariate = 1,
}

export const enum MatrixKind {
  none = 0,
  /** One f64. */
  scalar = 1,
  /** M f64. */
  diagonal = 2,
  /** M×M f64, row-major. The noise factor is lower triangular: entries above the diagonal are not read. */
  dense = 3,
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
  /** u32: how many auxiliary parameters are the last of θ (M = D outputs + auxiliary); the others are fixed or absent. */
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
  outputs = 12,
  /** u32: 1 where the categorical family's class 0 has no parameters. */
  hasReference = 13,
  /** u32: how many priors are not normal. */
  numShapedPriors = 14,
  /** u32: the place in τ of the first auxiliary parameter that is not fixed: 1 where τ₀ is fixed and τ₁ is a parameter. */
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
  slots = 21,
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

/** One task of passRows: sums over rows from, from + step, … < to (or over a list of rows). */
export const enum Pass {
  /** u32: address of a Model record. */
  model = 0,
  /** u32: address of M f64: θ. */
  position = 1,
  /** u32: address of M f64: θ̂, read where weights = squaredResidual. */
  center = 2,
  /** u32: a Weights. */
  weights = 3,
  from = 4,
  to = 5,
  step = 6,
  /** u32: address of u32 row numbers; from, to and step then count in this list. 0: rows themselves. */
  rowList = 7,
  /** u32: address of N f32 (N P with several outputs), read where weights = given. */
  rowValues = 8,
  /**
   * u32: address of 3 + 2 M + M·M f64 (3 + 2 M where weights = none, 3 + 3 M where isDiagonal), overwritten with, over the pass's rows (likelihood only, never the prior):
   * [0] Σ f, [1] Σ f², [2] the number of rows, then Σ gradient (M), then M f64 of scratch, then the Gram matrix
   * (M×M, row-major, both triangles; rows and columns from D on are the cross terms of the auxiliary parameters).
   */
  output = 9,
  /** u32: address of passScratchBytes(paddedColumns, outputs, weights, rows, isDiagonal) bytes of scratch for this task. */
  scratch = 10,
  /** u32: 1: of the Gram matrix only the diagonal, M f64, is wanted. */
  isDiagonal = 11,
  slots = 12,
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
   * u32: address of N f32, leverage v_n = |(K_β)ᵀ x_n|² = x_nᵀ P x_n; 0: not wanted. With several outputs N P f32, a row's
   * matrix V_n of entries x_nᵀ P_kl x_n (P_kl the blocks of P), its lower triangle row by row.
   */
  leverage = 5,
  /**
   * u32: address of N f32, influence q_n; 0: not wanted. Root mean square, over the points δη = ±1.5 √v_n,
   * δτ = 1.5 L s, P_ττ = L Lᵀ, s all vectors of signs (none where there are no auxiliary parameters), of
   * √(r_η² v_n + r_τᵀ P_ττ r_τ), r the row's residual of Weights.squaredResidual (times the row's own weight). With several outputs the mean of √(rᵀ V_n r) is over points δη = ±1.5 L s,
   * V_n = L Lᵀ, s the first rows of a Walsh matrix, as many as the least power of two not below the number of outputs,
   * but 8 at most; for one output these are the two points above.
   */
  influence = 6,
  scratch = 7,
  /** u32: address of M×M f64: P, row-major; read where rows are sparse. */
  covariance = 8,
  slots = 9,
}

/**
 * How a chain estimates C, the covariance of one row's gradient, from its own batches (τ included where it is a
 * parameter). Both have the expectation C(θ) at each θ that the chain visits, where rows are drawn uniformly; batches of
 * fewer than two rows tell nothing and are not counted.
 */
export const enum NoiseEstimate {
  none = 0,
  /** (g_1 − ĝ)(g_1 − ĝ)ᵀ / (1 − 1/S), g_1 the gradient of the batch's first row. */
  firstRow = 1,
  /** Σ_i (g_i − ĝ)(g_i − ĝ)ᵀ / (S − 1) over the rows of the batch. */
  withinBatch = 2,
}

/**
 * One chain: θ ← θ − s pull (θ − θ̂) − s H ĝ + √s R z, z ~ N(0, I), s = ((b + t)/b)^(−γ) at step t = 0, 1, … (burn-in
 * included). With a velocity v ← keep v − s pull (θ − θ̂) − s H ĝ + √s R z and θ ← θ + v. Interval means and second moments
 * weigh each iterate by the s of the step that made it, so that they are averages over diffusion time; with a constant
 * rate every weight is 1.
 */
export const enum Chain {
  /** u32: address of a Model record. */
  model = 0,
  /** u32: a Gradient. */
  gradient = 1,
  /** u32: S, rows a step; 0: no rows are drawn and ĝ has no likelihood part. */
  batchSize = 2,
  /** u32: address of M f64: θ, updated in place. */
  position = 3,
  /** u32: address of M f64: θ̂. */
  center = 4,
  /** f64 */
  pull = 5,
  /** u32: MatrixKind of H. */
  stepKind = 6,
  /** u32: address of H. */
  step = 7,
  /** u32: MatrixKind of R. */
  noiseKind = 8,
  /** u32: address of R. */
  noise = 9,
  /** u32: address of 16 u32, the row stream: word w of lane l at index 4 w + l; updated in place. */
  rowStream = 10,
  /** u32: address of 16 u32, the noise stream, likewise. */
  noiseStream = 11,
  /** u32: steps from one draw to the next, a multiple of momentEvery. */
  stepsPerDraw = 12,
  /** u32: steps that are run before the first interval begins and leave nothing behind. */
  burnInSteps = 13,
  /** u32: draws wanted in all; the kernel does nothing once they are made. */
  numDraws = 14,
  /** u32: address of numDraws × M f64: θ at the end of each interval of stepsPerDraw steps. 0: not wanted. */
  draws = 15,
  /** u32: address of numDraws × M f64: mean of θ over each interval's every momentEvery-th step. 0: not wanted. */
  intervalMeans = 16,
  /** u32: interval means and second moments count every momentEvery-th step. */
  momentEvery = 17,
  /** u32: address of M×M f64: sum of s (θ − θ̂)(θ − θ̂)ᵀ over those steps, lower triangle. 0: not wanted. */
  moments = 18,
  /**
   * u32: address of M f64: the coupled chain's deviation v, which follows the same noise through the quadratic loss,
   * v ← (1 − s pull) v + √s R z. 0: no coupled chain. Not together with a velocity.
   */
  coupled = 19,
  /**
   * u32: address of numDraws × 2 M f64 where there is a coupled chain: the interval means of d − v, then of d∘d − v∘v,
   * d = θ − θ̂.
   */
  coupledDifferences = 20,
  /** u32: steps made so far, burn-in included; the kernel counts here, and others may read it for progress. */
  stepsDone = 21,
  /** u32: address of chainScratchBytes(paddedColumns, outputs) bytes; zero before the first call, kept between calls. */
  scratch = 22,
  /** u32: address of M f64: the velocity v, updated in place. 0: no velocity, which is what keep = 0 amounts to. */
  velocity = 23,
  /** f64: what is kept of the velocity at each step, 1 − μ. */
  velocityKeep = 24,
  /** f64: b of the decreasing rate, above 0; not read where the rate is constant. */
  rateOffset = 25,
  /** f64: γ of the decreasing rate; 0: the rate is constant. */
  rateExponent = 26,
  /**
   * u32: address of numDraws u32, strictly ascending: how many steps after the burn-in each interval ends, multiples of
   * momentEvery; stepsPerDraw is then not read. 0: every stepsPerDraw steps.
   */
  intervalEnds = 27,
  /** u32: a NoiseEstimate. */
  noiseEstimate = 28,
  /** u32: the batches of steps t = 0, noiseEvery, 2 noiseEvery, … (burn-in included) are looked at. */
  noiseEvery = 29,
  /** u32: MatrixKind of the estimate: diagonal (its diagonal alone) or dense. */
  noiseShape = 30,
  /** u32: address of M f64, or of M×M f64 (lower triangle): the batches' estimates are added to it. */
  noiseSums = 31,
  /** u32: how many batches' estimates have been added. */
  noiseCount = 32,
  /** u32: address of numDraws f64: Σ s over each interval's counted steps, which its means were divided by. 0: not wanted. */
  intervalWeights = 33,
  /**
   * u32: address of M f64, R z of the step before, updated in place: each step then adds ½ (R z + that) in place of R z, which
   * leaves no error of first order in the step (Leimkuhler & Matthews 2013). 0: R z as it is. Not together with a velocity,
   * a falling rate or a coupled chain.
   */
  previousNoise = 34,
  /** u32: 1: rows are not drawn, but follow one another; the first u32 at rowStream is the number of the next one. */
  isSequential = 35,
  /** u32: address of rank × M f64, the directions V_k that H and R have beside what stepKind and noiseKind tell. */
  lowRank = 36,
  /** u32: how many, below M; 0: none. */
  rank = 37,
  /** f64: H has lowRankStep V Vᵀ in it. */
  lowRankStep = 38,
  /** f64: R z has lowRankNoise V ζ in it, ζ ~ N(0, I) drawn after z. */
  lowRankNoise = 39,
  slots = 40,
}
