// The kernels, and those of their parts that are exported so that the optimiser does not merge them all into one
// function: V8 would keep too many values on the stack there.
export { makeSteps, runChain } from "./chain";
export {
  addTau, exactCoefficients, findCoefficients, flush, gaussianCoefficients, prepareStep, sumBatch, weighCoefficients,
} from "./chain-gradient";
export { leanSteps, moveLean, predict, singleRowSteps, sweep } from "./chain-lean";
export { moveVaried, rateAt } from "./chain-motion";
export { addBatch, addRowGradients, lookAtRows } from "./chain-noise";
export { addIterate, addMoments, beginInterval, endInterval } from "./chain-record";
export { chainScratchSize } from "./chain-scratch";
export { copyClasses, findClassCoefficients, flushClasses, weighClasses } from "./chain-softmax";
export { addClasses, addRowsTwo, dotClasses, dotRowsTwo } from "./class-rows";
export { copyToSingle, findDescent, findNoise, finishGradient, move } from "./chain-update";
export { addExactRows, exactDots } from "./exact-rows";
export { addGram, addTile, packWeighted } from "./gram";
export {
  findClassInfluence, findClassLeverage, influenceClasses, influenceScratchSize, loadClassFactor, multiplyEight,
  transposeRows,
} from "./influence-softmax";
export {
  addSquares, factorOfTau, findInfluence, findLeverage, findPoints, influenceRows, loadFactor,
} from "./influence-rows";
export { bernoulliGradient, bernoulliResidual, gaussianGradient, gaussianResidual, poissonGradient } from "./loss";
export {
  negativeBinomialCurvatures, negativeBinomialLoss, negativeBinomialSlopes, sumOfLogs, sumOfShares, sumOfSlopes,
} from "./negative-binomial";
export { addAuxiliaries, copyOut, differentiate, passRows, prepareLoss, sumBlock } from "./pass-rows";
export { passScratchSize } from "./pass-scratch";
export {
  completeDiagonal, copyOutClasses, differentiateClasses, loadClassVectors, sumClassBlock, weighPair,
} from "./pass-softmax";
export { addShapedPriors, priorSlope } from "./prior";
export { addFourProducts, addProduct, matrixTimesVector, triangleTimesVector } from "./products";
export { digamma, logGamma, trigamma } from "./gamma";
export { drawBlock, nextBlock, touch } from "./queue";
export { drawRows, fillNormals, firstOfNextWords, rareNormal } from "./random";
export { loadTau, prepare, residualFrom, rowCurvatures, rowLoss, rowResidual, rowSlopes } from "./row-loss";
export { addGathered, addRows, dotRow, dotRows, gather } from "./rows";
export { prepareStudentT, studentTCurvatures, studentTLoss, studentTSlopes } from "./student-t";
export {
  addExactSparse, addSparseGram, addSparseSquares, centreSums, clearSparseGram, copyOutBlock, copyOutDiagonal, copyOutSparse,
  exactSparseDots, sparsePassScratchSize, sumSparseBlock,
} from "./sparse-pass";
export { shiftCovariance, sparseLeverage } from "./sparse-influence";
export {
  addSparse, centreBatch, closeDouble, closeSingle, dotSparse, dotSparseClasses, findStarts, spreadSparse, touchSparse,
} from "./sparse-rows";
export { addLowRankDescent, addLowRankNoise, averageNoise, takeInOrder } from "./chain-wide";
export { farResidual, softmax, softmaxGradient, softmaxResidual } from "./softmax";

/** The end of the kernels' own constants. */
export function heapBase(): usize {
  return __heap_base;
}
