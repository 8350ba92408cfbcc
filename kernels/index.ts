// The kernels, and those of their parts that are exported so that the optimiser does not merge them all into one
// function: V8 would keep too many values on the stack there.
export { makeSteps, runChain } from "./chains/chain";
export {
  addTau,
  exactCoefficients,
  findCoefficients,
  flush,
  gaussianCoefficients,
  prepareStep,
  sumBatch,
  weighCoefficients,
} from "./chains/chain-gradient";
export { leanSteps, moveLean, predict, singleRowSteps, sweep } from "./chains/chain-lean";
export { moveVaried, rateAt } from "./chains/chain-motion";
export { addBatch, addRowGradients, lookAtRows } from "./chains/chain-noise";
export { loadGroups, sumGroups } from "./chains/chain-groups";
export { addIterate, addMoments, beginInterval, endInterval } from "./chains/chain-record";
export { copyClasses, findClassCoefficients, flushClasses, weighClasses } from "./chains/chain-softmax";
export { copyToSingle, findDescent, findNoise, finishGradient, move } from "./chains/chain-update";
export { addLowRankDescent, addLowRankNoise, averageNoise, takeInOrder } from "./chains/chain-wide";
export { addShapedPriors, priorSlope } from "./chains/prior";
export { addFourProducts, addProduct, matrixTimesVector, triangleTimesVector } from "./chains/products";
export { drawBlock, nextBlock, touch } from "./chains/queue";
export { drawRows, fillNormals, firstOfNextWords, rareNormal } from "./chains/random";
export { factorTile, factorTriangle, packFour, solveEightRows, subtractFourByFour, subtractProducts } from "./dense/factor-tile";
export { solveEight, solveEightTransposed, solveOne, solveOneTransposed, solveTriangle } from "./dense/solve-triangle";
export { digamma, logGamma, trigamma } from "./families/gamma";
export {
  bernoulliGradient,
  bernoulliResidual,
  gaussianGradient,
  gaussianResidual,
  poissonGradient,
} from "./families/loss";
export {
  negativeBinomialCurvatures,
  negativeBinomialLevel,
  negativeBinomialLoss,
  negativeBinomialSlope,
  negativeBinomialSlopes,
  sumOfLogs,
  sumOfShares,
  sumOfSlopes,
} from "./families/negative-binomial";
export { loadTau, prepare, residualFrom, rowCurvatures, rowLoss, rowResidual, rowSlopes } from "./families/row-loss";
export { farResidual, softmax, softmaxGradient, softmaxResidual } from "./families/softmax";
export { prepareStudentT, studentTCurvatures, studentTLoss, studentTSlope, studentTSlopes } from "./families/student-t";
export { classRows } from "./groups/class-rows";
export { logOnePlus2 } from "./families/pairs";
export { addScaled2, dot2 } from "./groups/doubles";
export { integrateGaussian } from "./groups/gaussian-group";
export { drawEffects } from "./groups/draw-effects";
export { evaluateGroup } from "./groups/group";
export { residualOf } from "./groups/group-residual";
export { addColumns, addEffects, copyColumns, loadRows, multiplyColumns, sumZ } from "./groups/group-rows";
export { addInnerHessian, addOuterNode, beginOuterHessian, endOuterHessian, extendRows } from "./groups/hessian";
export { integrateInner } from "./groups/inner-group";
export { addScores, beginInnerHessian, endInnerHessian } from "./groups/inner-hessian";
export { findInnerMode, innerLossAt } from "./groups/inner-mode";
export { prepareFactor, prepareLaw } from "./groups/law";
export { findOuterMode, setOuterEffects } from "./groups/outer-mode";
export { differentiateRows } from "./groups/row-derivatives";
export { innerLosses, sumEffects } from "./groups/sum-effects";
export { addOuter, addScaled, curvatureIn, dot, factorise, multiply, multiplyTransposed, rescale } from "./groups/small";
export { openGroups } from "./groups/work";
export {
  chainScratchBytes,
  densePassScratchBytes,
  influenceScratchBytes,
  sparsePassScratchBytes,
} from "./layout/scratch";
export { influenceGroups } from "./passes/influence-groups";
export { passGroups } from "./passes/pass-groups";
export {
  addFixed,
  addIntercepts,
  addSlopes,
  crossedLoss,
  crossedRows,
  crossedSlopes,
  eachEffect,
  lossWithTau,
  predictFixed,
  predictIntercepts,
  predictSlopes,
  prepareTau,
  slopesWithTau,
} from "./passes/crossed-rows";
export { addGram, addTile, packWeighted } from "./passes/gram";
export {
  addSquares,
  factorOfTau,
  findInfluence,
  findLeverage,
  findPoints,
  influenceRows,
  loadFactor,
} from "./passes/influence-rows";
export {
  findClassInfluence,
  findClassLeverage,
  influenceClasses,
  loadClassFactor,
  multiplyEight,
  transposeRows,
} from "./passes/influence-softmax";
export { addAuxiliaries, differentiate, loadClassVectors, prepareLoss } from "./passes/pass-derivatives";
export { addHeldRows, copyOut, holdRows, passRows, sumBlock } from "./passes/pass-rows";
export {
  completeDiagonal,
  copyOutClasses,
  differentiateClasses,
  sumClassBlock,
  weighPair,
} from "./passes/pass-softmax";
export { shiftCovariance, sparseLeverage } from "./passes/sparse-influence";
export {
  addExactSparse,
  addSparseGram,
  addSparseSquares,
  centreSums,
  clearSparseGram,
  copyOutBlock,
  copyOutDiagonal,
  copyOutSparse,
  exactSparseDots,
  sumSparseBlock,
} from "./passes/sparse-pass";
export { addClasses, addRowsTwo, dotClasses, dotRowsTwo } from "./rows/class-rows";
export { addExactRows, exactDots } from "./rows/exact-rows";
export { addGathered, addRows, dotRow, dotRows, gather } from "./rows/rows";
export {
  addSparse,
  centreBatch,
  closeDouble,
  closeSingle,
  dotSparse,
  dotSparseClasses,
  findStarts,
  spreadSparse,
  touchSparse,
} from "./rows/sparse-rows";

/** The end of the kernels' own constants. */
export function heapBase(): usize {
  return __heap_base;
}
