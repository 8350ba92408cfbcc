// The scratch memory of the work on one group at a time. Every kernel call lays it out anew, and each thread has an instance of
// this module of its own, so the addresses stand in globals.
import { Factor, groupFixedLength, Groups, maxEffects, maxIntervalNodes } from "../layout/groups";
import { Model } from "../layout/model";
import { dimensionOf, slotU32 } from "../memory/record";

/** What is wanted of a group beside its loss and gradient. */
export const enum Wanted {
  gradient = 0,
  /** H d, the Hessian times a direction. */
  change = 1,
  hessian = 2,
}

/** The Model record of the data's rows; the number of its fixed columns. */
export let rowsModel: usize = 0;
export let family: u32 = 0;
export let numColumns: u32 = 0;
/**
 * Linear predictors a row of data, and coefficients β. Each of them is a row of its own to the work on a group, side by side: it has
 * columns x and z that are 0 but for its own coefficients and effects, so that only curvatures between the rows of one row of data
 * (class-rows.ts) tell the families with several predictors from others.
 */
export let numPredictors: u32 = 1;
export let hasReference: u32 = 0;
export let numCoefficients: u32 = 0;
export let numAuxiliaries: u32 = 0;
export let firstAuxiliary: u32 = 0;
/** M, and the number of coefficients with the outer factor's parameters. */
export let dimension: u32 = 0;
export let width: u32 = 0;
/** Factor records, 0 where there is no outer factor, with the number of effects and of parameters of each. */
export let outerFactor: usize = 0;
export let innerFactor: usize = 0;
export let outerEffects: u32 = 0;
export let innerEffects: u32 = 0;
export let outerParameters: u32 = 0;
export let innerParameters: u32 = 0;

/** Whether rows have weights other than 1; bytes from one array of a number a row to the next. */
export let hasWeights: bool = false;
export let columnBytes: usize = 0;
/** f64 a row of the group: y, weight, xᵀβ + offset, the same with the outer effects. */
export let target: usize = 0;
export let weight: usize = 0;
export let fixedPart: usize = 0;
export let base: usize = 0;
/** η at a node. */
export let eta: usize = 0;
/** xᵀd, the same with what d does to the outer effects. */
export let fixedAlong: usize = 0;
export let along: usize = 0;
/** At a node: derivatives by η, then by η and τ₀, by η and τ₁; the row's part of H d. */
export let slope: usize = 0;
export let curvature: usize = 0;
export let cross: usize = 0;
export let secondCross: usize = 0;
/** At a node: √weight times the probability of a class. */
export let probability: usize = 0;
/** Σ over inner nodes, then over outer nodes, of the slope and of the part of H d. */
export let innerSlope: usize = 0;
export let innerChange: usize = 0;
export let outerSlope: usize = 0;
export let outerChange: usize = 0;
/** f64 a node: their shares in the integral, and these times v. */
export let nodeShares: usize = 0;
export let nodeMoments: usize = 0;
/** f64 a row: what a count's loss and slope by τ have that depends on τ alone. */
export let rowLogs: usize = 0;
export let rowShares: usize = 0;
/** Two f64 a row: slopes at two nodes, and their sums. */
export let pairSlopes: usize = 0;
export let pairSums: usize = 0;
/** maxEffects arrays of a f64 a row: z of the inner and of the outer factor. */
export let innerZ: usize = 0;
export let outerZ: usize = 0;
/** maxEffects f64 an inner group: v̂ */
export let innerModes: usize = 0;
/** Small matrices: groupFixedLength f64. */
export let small: usize = 0;
/** M f64 each: the results, and a sum. */
export let gradient: usize = 0;
export let change: usize = 0;
export let score: usize = 0;
export let nodeScore: usize = 0;
/** M f64: a gradient that is kept while another is worked out. */
export let kept: usize = 0;
/**
 * For Hessians: a row's x and ∂(z b)/∂φ of the outer factor, side by side; Σ w and Σ w v of each pair
 * of predictors of a row of data, Σ of the cross derivatives.
 */
export let extended: usize = 0;
export let sumCurvature: usize = 0;
export let sumMoments: usize = 0;
export let sumCross: usize = 0;
export let sumSecondCross: usize = 0;
/** M × M f64 each. */
export let hessian: usize = 0;
export let nodeHessian: usize = 0;
export let innerHessian: usize = 0;
export let squares: usize = 0;
/** M f64: Σ of the scores at the inner nodes; of the inner groups at an outer node; and over the outer nodes. */
export let sumScore: usize = 0;
export let outerScore: usize = 0;
export let sumOfScores: usize = 0;

let next: usize = 0;

function take(length: u32): usize {
  const address = next;
  next += <usize>length << 3;
  return address;
}

/** Lays out `scratch` (groupScratchLength f64) for groups of a model. */
export function openGroups(model: usize, scratch: usize, wantsHessian: bool): void {
  const groups = <usize>slotU32(model, Model.groups);
  readSizes(model, groups);
  // Rows are read in pairs.
  const rows = slotU32(groups, Groups.maxRows) * numPredictors + 2;
  columnBytes = <usize>rows << 3;
  next = scratch;
  target = take(rows);
  weight = take(rows);
  fixedPart = take(rows);
  base = take(rows);
  eta = take(rows);
  fixedAlong = take(rows);
  along = take(rows);
  slope = take(rows);
  curvature = take(rows);
  cross = take(rows);
  secondCross = take(rows);
  probability = take(rows);
  innerSlope = take(rows);
  innerChange = take(rows);
  outerSlope = take(rows);
  outerChange = take(rows);
  rowLogs = take(rows);
  rowShares = take(rows);
  pairSlopes = take(2 * rows);
  pairSums = take(2 * rows);
  innerZ = take(rows * maxEffects);
  outerZ = take(rows * maxEffects);
  innerModes = take(slotU32(groups, Groups.maxInner) * maxEffects);
  nodeShares = take(maxIntervalNodes);
  nodeMoments = take(maxIntervalNodes);
  small = take(groupFixedLength);
  gradient = take(dimension);
  change = take(dimension);
  score = take(dimension);
  nodeScore = take(dimension);
  kept = take(dimension);
  if (!wantsHessian) return;
  extended = take(rows * width);
  sumCurvature = take(rows * numPredictors);
  sumMoments = take(rows * numPredictors * maxEffects);
  sumCross = take(rows);
  sumSecondCross = take(rows);
  hessian = take(dimension * dimension);
  nodeHessian = take(dimension * dimension);
  innerHessian = take(dimension * dimension);
  squares = take(dimension * dimension);
  sumScore = take(dimension);
  outerScore = take(dimension);
  sumOfScores = take(dimension);
}

function readSizes(model: usize, groups: usize): void {
  rowsModel = <usize>slotU32(groups, Groups.rows);
  hasWeights = slotU32(rowsModel, Model.hasWeights) !== 0;
  family = slotU32(model, Model.family);
  numColumns = slotU32(model, Model.numColumns);
  numPredictors = slotU32(model, Model.numPredictors);
  hasReference = slotU32(model, Model.hasReference);
  numCoefficients = numColumns * numPredictors;
  numAuxiliaries = slotU32(model, Model.auxiliary);
  firstAuxiliary = slotU32(model, Model.firstAuxiliary);
  dimension = dimensionOf(model);
  outerFactor = <usize>slotU32(groups, Groups.outer);
  innerFactor = <usize>slotU32(groups, Groups.inner);
  outerEffects = outerFactor ? slotU32(outerFactor, Factor.numEffects) : 0;
  outerParameters = outerFactor ? slotU32(outerFactor, Factor.numParameters) : 0;
  innerEffects = slotU32(innerFactor, Factor.numEffects);
  innerParameters = slotU32(innerFactor, Factor.numParameters);
  width = numCoefficients + outerParameters;
}
