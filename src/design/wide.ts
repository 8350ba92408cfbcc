/** Up to so many parameters matrices of all pairs of them are held and decomposed. */
const maxDenseParameters = 2000;

/**
 * Whether a model has too many parameters for what is M×M: it is then fitted from sparse rows with memory O(M). The one place
 * where that is decided: how rows are stored and how the model is fitted both follow from it.
 * @param numParameters M, predictors × columns + auxiliary parameters that are learned (`numParameters` of models/model.ts)
 */
export function isWide(numParameters: number): boolean {
  return numParameters > maxDenseParameters;
}

/** For a sentence that refuses dense rows. */
export const denseLimit = maxDenseParameters.toLocaleString("en");
