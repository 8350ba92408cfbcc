// A pass over rows with effects of several grouping factors. Records of slots as layout/model.ts has them, compiled by
// AssemblyScript and by TypeScript alike.

/** One task of crossedRows: rows from .. to − 1. */
export const enum CrossedPass {
  /** u32: address of N × stride f32, and the stride. */
  rows = 0,
  stride = 1,
  /** u32: D, the columns with coefficients. */
  numFixed = 2,
  /** u32: address of N f64. */
  target = 3,
  /** u32: address of N f64; 0: all are 1. */
  weight = 4,
  /** u32: address of N f64; 0: all are 0. */
  offset = 5,
  from = 6,
  to = 7,
  /** u32: a Family of one linear predictor; gaussian with σ = 1. */
  family = 8,
  /** u32: address of CrossedFactorRecord.slots slots for each factor. */
  factors = 9,
  numFactors = 10,
  /** u32: address of f64: all effects, then β; how many they are, and where β begins. */
  unknowns = 11,
  numUnknowns = 12,
  fixedAt = 13,
  /** u32: address of N f64, overwritten with η. */
  eta = 14,
  /** u32: address of N f64, overwritten with w ∂f/∂η where the gradient is wanted. */
  slopes = 15,
  /** u32: address of numUnknowns f64, overwritten with Cᵀ w ∂f/∂η over the rows; 0: not wanted. */
  gradient = 16,
  /** u32: 1: the loss is wanted. */
  wantsLoss = 17,
  /** f64, written: Σ w f over the rows. */
  loss = 18,
  /** f64 each: τ₀ and τ₁ of a family that has them; a gaussian row's are not read. */
  tau = 19,
  secondTau = 20,
  /** Eight slots of scratch: what depends on τ alone (kernels/families/row-loss.ts). */
  constants = 21,
  /** u32: address of `LogSums.count` f64 of scratch, for negative binomial rows. */
  logSums = 29,
  slots = 30,
}

/** Counts below this have their sums Σ_{k<y} log(1 + αk) worked out once a task. */
export const enum LogSums {
  count = 64,
}

/** One grouping factor of a CrossedPass. */
export const enum CrossedFactorRecord {
  /** u32: address of N u32. */
  levels = 0,
  /** u32: address of q i32: the columns of the effects, −1 for an intercept; and q. */
  effects = 1,
  numEffects = 2,
  /** u32: the number of its first unknown. */
  firstUnknown = 3,
  slots = 4,
}
