/** Whether matrices of all pairs of parameters are held, or a diagonal and a few directions. */
export type CurvatureKind = "dense" | "low-rank";

/** Up to so many parameters matrices of all pairs of them are held and decomposed, where a model has no limit of its own. */
const maxDenseParameters = 2000;

/**
 * How much is held of the curvature of a model with so many parameters. The one place where that is decided: how rows are
 * stored and which samplers can be used both follow from it.
 * @param numParameters M, predictors × columns + auxiliary parameters that are learned (`numParameters` of models/model.ts)
 */
export function curvatureKind(numParameters: number, limit = maxDenseParameters): CurvatureKind {
  return numParameters > limit ? "low-rank" : "dense";
}

/** For a sentence that refuses dense rows. */
export const denseLimit = maxDenseParameters.toLocaleString("en");
