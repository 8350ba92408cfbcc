// Priors that are not normal.
// A record of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.

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
  /** tanh x is a partial correlation with the density ∝ (1 − ρ²)^(a − 1): −log p = 2 a log cosh x. */
  partialCorrelation = 5,
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
