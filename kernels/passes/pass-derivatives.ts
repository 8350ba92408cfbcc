// What passes over rows share: a position, loaded, and each row's loss and its derivatives.
import {
  auxiliaryIndex,
  loadTau,
  prepare,
  rowCurvatures,
  RowLoss,
  rowLoss,
  rowResidual,
  rowSlopes,
} from "../families/row-loss";
import { AliasEntry, Family, Model } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { PassScratch } from "../layout/scratch";
import { outputGram } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { isSparse, offsetAt, rowAt, targetAt, weightAt } from "../rows/row-side";
import { closeDouble } from "../rows/sparse-rows";
import { differentiatePairs, goesInPairs } from "./pass-pairs";

/** Works out what depends on τ alone, at θ and at θ̂. */
export function prepareLoss(model: usize, position: usize, center: usize, work: usize): void {
  const family = slotU32(model, Model.family);
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  loadTau(model, position + bytes, work + RowLoss.tau);
  loadTau(model, center + bytes, work + RowLoss.centerTau);
  prepare(family, work + RowLoss.tau, work + RowLoss.constants);
  prepare(family, work + RowLoss.centerTau, work + RowLoss.centerConstants);
}

/** Copies the coefficients of a position in front of zero padding. */
export function loadVector(model: usize, from: usize, to: usize): void {
  if (slotU32(model, Model.family) === Family.categorical) loadClassVectors(model, from, to);
  else {
    memory.fill(to, 0, <usize>(slotU32(model, Model.paddedColumns) + 8) << 3);
    memory.copy(to, from, <usize>slotU32(model, Model.numColumns) << 3);
  }
  if (isSparse(model)) closeDouble(model, to);
}

/** Copies each output's coefficients in front of zero padding. */
export function loadClassVectors(model: usize, from: usize, to: usize): void {
  const numPredictors = slotU32(model, Model.numPredictors);
  const columns = slotU32(model, Model.paddedColumns);
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  memory.fill(to, 0, <usize>(widthOf(model) + 8) << 3);
  for (let k: u32 = 0; k < numPredictors; k++, from += bytes, to += <usize>columns << 3) memory.copy(to, from, bytes);
}

/**
 * The loss and its derivatives of each row of a block, times the row's weight: from η and x·θ̂ to ∂f/∂η, a and b; sums of f,
 * ∂f/∂τ, c.
 */
export function differentiate(pass: usize, model: usize, scratch: usize, count: u32): void {
  if (goesInPairs(pass, model)) differentiatePairs(pass, model, scratch, count);
  else differentiateEach(pass, model, scratch, count);
  for (let n = <usize>count; n & 3; n++) {
    store<f64>(scratch + (n << 3), 0, PassScratch.eta);
    store<f64>(scratch + (n << 3), 0, PassScratch.center);
    store<f64>(scratch + (n << 3), 0, PassScratch.second);
  }
}

function differentiateEach(pass: usize, model: usize, scratch: usize, count: u32): void {
  const kind = slotU32(pass, Pass.gramKind);
  const family = slotU32(model, Model.family);
  const auxiliary = slotU32(model, Model.auxiliary);
  const target = targetAt(model);
  const offsets = slotU32(model, Model.hasOffset) ? offsetAt(model) : 0;
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  const isResidual = kind === GramKind.squaredResidual;
  const aliasTable = <usize>slotU32(model, Model.aliasTable);
  const rowValues = <usize>slotU32(pass, Pass.rowValues);
  const output = <usize>slotU32(pass, Pass.output);
  const work = scratch + PassScratch.loss;
  const slopes = work + RowLoss.slopes;
  let losses: f64 = 0;
  for (let n: usize = 0; n < <usize>count; n++) {
    const number = <usize>load<u32>(scratch + (n << 2), PassScratch.numbers);
    const row = rowAt(model, number);
    const y = <f64>load<f32>(row + target);
    const offset = offsets ? <f64>load<f32>(row + offsets) : 0.0;
    const weight = weights ? <f64>load<f32>(row + weights) : 1.0;
    const eta = load<f64>(scratch + (n << 3), PassScratch.eta) + offset;
    losses += weight * rowLoss(family, work + RowLoss.constants, eta, y);
    let factor = weight;
    if (isResidual) {
      const center = load<f64>(scratch + (n << 3), PassScratch.center) + offset;
      rowResidual(family, work, center, eta - center, y);
      if (aliasTable) factor *= <f64>load<f32>(aliasTable + number * AliasEntry.bytes, AliasEntry.weight);
    } else rowSlopes(family, work + RowLoss.constants, eta, y, slopes);
    if (kind === GramKind.curvature) rowCurvatures(family, work + RowLoss.constants, eta, y, work + RowLoss.curvatures);
    const first = factor * load<f64>(slopes);
    let a: f64 = first * first;
    if (kind === GramKind.given) a = <f64>load<f32>(rowValues + (number << 2));
    else if (kind === GramKind.curvature) a = weight * load<f64>(work, RowLoss.curvatures);
    store<f64>(scratch + (n << 3), first, PassScratch.eta);
    store<f32>(scratch + (n << 2), <f32>a, PassScratch.weight);
    if (auxiliary) addAuxiliaries(pass, model, scratch, n, factor);
  }
  store<f64>(output, load<f64>(output, PassOutput.loss) + losses, PassOutput.loss);
}

/** Adds row n's ∂f/∂τ and c to the sums, and keeps its b. */
export function addAuxiliaries(pass: usize, model: usize, scratch: usize, n: usize, factor: f64): void {
  const kind = slotU32(pass, Pass.gramKind);
  const auxiliary = slotU32(model, Model.auxiliary);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  const output = <usize>slotU32(pass, Pass.output);
  const work = scratch + PassScratch.loss;
  const slopes = work + RowLoss.slopes;
  const gram = outputGram(output, dimension);
  const isDiagonal = slotU32(pass, Pass.isDiagonal) !== 0;
  for (let k: u32 = 0; k < auxiliary; k++) {
    const index = auxiliaryIndex(model, k);
    const slope = factor * load<f64>(slopes + (<usize>(index + 1) << 3));
    const sum = output + PassOutput.gradient + (<usize>(numColumns + k) << 3);
    store<f64>(sum, load<f64>(sum) + slope);
    if (kind === GramKind.none) continue;
    let b: f64 = factor * load<f64>(slopes) * slope;
    if (kind === GramKind.given) b = 0;
    else if (kind === GramKind.curvature) b = factor * load<f64>(work + (<usize>(index + 1) << 3), RowLoss.curvatures);
    store<f64>(scratch + (n << 3) + (k ? PassScratch.second : PassScratch.center), b);
    if (kind === GramKind.given) continue;
    for (let l: u32 = isDiagonal ? k : 0; l <= k; l++) {
      const other = auxiliaryIndex(model, l);
      // The curvatures by (τ₀, τ₀), (τ₀, τ₁) and (τ₁, τ₁) are the last three.
      const c = kind === GramKind.curvature
        ? factor * load<f64>(work + (<usize>(3 + index + other) << 3), RowLoss.curvatures)
        : slope * factor * load<f64>(slopes + (<usize>(other + 1) << 3));
      const entry = gram + (<usize>((isDiagonal ? 0 : (numColumns + k) * dimension) + numColumns + l) << 3);
      store<f64>(entry, load<f64>(entry) + c);
      if (l < k) store<f64>(gram + (<usize>((numColumns + l) * dimension + numColumns + k) << 3), load<f64>(entry));
    }
  }
}
