// Groups of rows whose effects are integrated out: a group is what a row is to the other kernels.
// Records of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.

/** No more effects of one factor than these, so that what depends on θ alone has room of a fixed length. */
export const maxEffects: u32 = 4;
/** Their variance parameters: a standard deviation each, and a partial correlation for each pair. */
export const maxVarianceParameters: u32 = 10;

/**
 * Groups of rows, as Model.groups points to them. The effects of group j are b = L v, v ~ N(0, I), with
 * η_i = x_iᵀβ + offset_i + z_iᵀ b, and its loss is −log ∫ Π_i p(y_i | η_i) φ(v) dv. Where there is an outer factor, each group of
 * it has inner groups with effects of their own, and the integral is that over the outer effects of a product of integrals over the
 * inner ones. θ = (β, τ, φ of the outer factor, φ of the inner one). The Model record with groups has GroupEntry records for rows.
 */
export const enum Groups {
  /** u32: address of the Model record of the data's own rows, which are dense, sorted by group. */
  rows = 0,
  /** u32: address of u32, the first row of each inner group, and after the last the number of rows. */
  innerStarts = 1,
  /** u32: address of a Factor record; 0 where there is one factor, whose groups are the inner ones. */
  outer = 2,
  /** u32: address of a Factor record. */
  inner = 3,
  /** u32: most rows that a group has. */
  maxRows = 4,
  /** u32: most inner groups that a group has. */
  maxInner = 5,
  /** u32: how many variance parameters end θ, of both factors. */
  numParameters = 6,
  slots = 7,
}

/**
 * The effects of a factor and the nodes by which they are integrated out. Terms with effects that correlate are blocks of L. The
 * parameters φ of a block of q effects are log τ_1, …, log τ_q, then the inverse hyperbolic tangents of the canonical partial
 * correlations ρ_21, ρ_31, ρ_32, …: L_ij = τ_i ρ_ij Π_{k<j} √(1 − ρ_ik²), and L_ii = τ_i Π_{k<i} √(1 − ρ_ik²).
 * Source: Lewandowski, Kurowicka & Joe (2009).
 */
export const enum Factor {
  /** u32: q, at most maxEffects. */
  numEffects = 0,
  /** u32: address of q u32: the column of the rows that each effect multiplies; constantColumn for the number 1. */
  columns = 1,
  /** u32: how many blocks L has, and the address of their sizes, u32. */
  numBlocks = 2,
  blockSizes = 3,
  /** u32: how many parameters φ the factor has. */
  numParameters = 4,
  /** u32: how many nodes, and the address of q + 1 f64 a node: t, and log w, the integral being Σ w exp(−F) |∂v/∂t|. */
  numNodes = 5,
  nodes = 6,
  /** u32: 1 where t from −1 to 1 stands for the interval in which the integrand counts, else t is in sds around its mode. Of one effect. */
  isInterval = 7,
  slots = 8,
}

/** No more nodes at equal distances than these. */
export const maxIntervalNodes: u32 = 128;

export const constantColumn: u32 = 0xffffffff;

/** A group, in bytes from its address. */
export const enum GroupEntry {
  /** u32: the inner groups from first to end − 1. */
  first = 0,
  end = 4,
  /** f32: how often the group counts. */
  weight = 8,
  bytes = 16,
}

/** What depends on θ alone: f64 entries, but for the first, which is u32: the address of θ. */
export const enum Law {
  position = 0,
  /** RowLoss: τ and the constants of a row's loss. */
  loss = 2,
  outer = 50,
  inner = 1826,
  length = 3602,
}

/** The same of a factor: L, ∂L/∂φ_m for each m, ∂²L/∂φ_m∂φ_n; matrices of maxEffects² f64. */
export const enum FactorLaw {
  factor = 0,
  slopes = 16,
  curvatures = 176,
}

/**
 * f64 of scratch memory for the work on a group; `width` is the number of coefficients and of the outer factor's parameters,
 * `dimension` M.
 */
export function groupScratchLength(maxRows: u32, maxInner: u32, width: u32, dimension: u32, numPredictors: u32): u32 {
  const ofPairs = (numPredictors - 1) * (1 + maxEffects);
  const ofRows = (maxRows * numPredictors + 2) * (groupRowArrays + width + ofPairs);
  return ofRows + 2 * maxIntervalNodes + maxInner * maxEffects + groupFixedLength + dimension * (4 * dimension + groupVectors);
}

/** f64 a row, vectors of M f64, and f64 for small matrices. */
export const groupRowArrays: u32 = 38;
export const groupVectors: u32 = 8;
export const groupFixedLength: u32 = 1024;

/** Bytes of scratch memory for a task over groups: laws at θ and elsewhere, directions, and the work on a group. */
export function groupTaskBytes(numLaws: u32, dimension: u32, scratchLength: u32): u32 {
  return 8 * (numLaws * (Law.length + 3 * dimension) + scratchLength);
}

/** Laws that a task of influenceRows holds: at θ̂, and at points around. */
export const influenceLaws: u32 = 5;
