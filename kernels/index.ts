// The kernels, and those of their parts that are exported so that the optimiser does not merge them all into one
// function: V8 would keep too many values on the stack there.
export { makeSteps, runChain } from "./chain";
export { addTau, findCoefficients, flush, sumBatch, weighCoefficients } from "./chain-gradient";
export { leanSteps, moveLean, predict, singleRowSteps, sweep } from "./chain-lean";
export { moveVaried, rateAt } from "./chain-motion";
export { addBatch, addRowGradients, lookAtRows } from "./chain-noise";
export { addIterate, addMoments, beginInterval, endInterval } from "./chain-record";
export { chainScratchSize } from "./chain-scratch";
export { copyClasses, findClassCoefficients, flushClasses, weighClasses } from "./chain-softmax";
export { addClasses, addRowsTwo, dotClasses, dotRowsTwo } from "./class-rows";
export { copyToSingle, findDescent, findNoise, finishGradient, move, tauPrior } from "./chain-update";
export { addExactRows, exactDots } from "./exact-rows";
export { addGram, addTile, packWeighted } from "./gram";
export {
  findClassInfluence, findClassLeverage, influenceClasses, influenceScratchSize, loadClassFactor, multiplyEight,
  transposeRows,
} from "./influence-softmax";
export { addSquares, findInfluence, findLeverage, influenceRows, loadFactor } from "./influence-rows";
export { bernoulliGradient, bernoulliResidual, gaussianGradient, gaussianResidual } from "./loss";
export { copyOut, differentiate, passRows, sumBlock } from "./pass-rows";
export { passScratchSize } from "./pass-scratch";
export {
  completeDiagonal, copyOutClasses, differentiateClasses, loadClassVectors, sumClassBlock, weighPair,
} from "./pass-softmax";
export { addFourProducts, addProduct, matrixTimesVector, triangleTimesVector } from "./products";
export { drawBlock, nextBlock, touch } from "./queue";
export { drawRows, fillNormals, firstOfNextWords, rareNormal } from "./random";
export { addRows, dotRow, dotRows, gather } from "./rows";
export { farResidual, softmax, softmaxGradient, softmaxResidual } from "./softmax";

/** The end of the kernels' own constants. */
export function heapBase(): usize {
  return __heap_base;
}
