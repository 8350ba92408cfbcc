// Chains of stochastic gradient steps.
// A record of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.

export const enum Gradient {
  /** ĝ = (1/S) Σ weight_n ∇f_n(θ) + (prior gradient)/N; the weights are 1 where there is no alias table. */
  minibatch = 0,
  /** ĝ = (1/S) Σ weight_n r_n(θ) + (prior residual), r_n as in GramKind.squaredResidual. */
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
  /** u32: address of chainScratchBytes(paddedColumns, numPredictors) bytes; zero before the first call, kept between calls. */
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
   * leaves no error of first order in the step (Leimkuhler & Matthews 2013). 0: R z as it is. Not together with a velocity or
   * a falling rate; a coupled chain follows the averaged noise, too.
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
  /** u32: address of groupTaskBytes(2, …) bytes, where rows are groups; 0 otherwise. */
  groupScratch = 40,
  slots = 41,
}
