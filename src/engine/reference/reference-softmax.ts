// The categorical family's part of the reference versions of the kernels, in f64 throughout.
import { AliasEntry } from "../../../kernels/layout/model.ts";
import { GramKind, Influence, Pass } from "../../../kernels/layout/pass.ts";
import type { EngineMemory } from "../memory.ts";
import type { ModelView } from "./reference-model.ts";
import { passOutput } from "./reference-output.ts";

/** μ_k of the classes that have parameters, and log Σ e^(η_k) over all classes. */
function softmax(eta: readonly number[], hasReference: boolean): { means: number[]; logSum: number } {
  const top = Math.max(...eta, hasReference ? 0 : Number.NEGATIVE_INFINITY);
  const terms = eta.map((value) => Math.exp(value - top));
  const sum = terms.reduce((total, term) => total + term, hasReference ? Math.exp(-top) : 0);
  return { means: terms.map((term) => term / sum), logSum: top + Math.log(sum) };
}

/** ∂f/∂η_k, the linear predictors given. */
function slopesOf(eta: readonly number[], hasReference: boolean, y: number): number[] {
  return softmax(eta, hasReference).means.map((mean, k) => mean - (y === k + Number(hasReference) ? 1 : 0));
}

/** r_k = μ_k(η̂ + δ) − μ̂_k − μ̂_k (δ_k − Σ_l μ̂_l δ_l) */
function residualsOf(center: readonly number[], delta: readonly number[], hasReference: boolean): number[] {
  const { means } = softmax(center, hasReference);
  const moved = softmax(
    center.map((eta, k) => eta + delta[k]),
    hasReference,
  ).means;
  const average = means.reduce((sum, mean, k) => sum + mean * delta[k], 0);
  return means.map((mean, k) => moved[k] - mean - mean * (delta[k] - average));
}

/** η_k of row n */
function predictAll({ numPredictors, predict }: ModelView, n: number, position: ArrayLike<number>): number[] {
  return Array.from({ length: numPredictors }, (_, k) => predict(n, position, k));
}

/** The coefficients r_k of a row's gradient r ⊗ x, or of its control-variate residual where `center` is given. */
export function classCoefficients(
  model: ModelView,
  n: number,
  position: Float64Array,
  center?: Float64Array,
): readonly number[] {
  if (!center) return slopesOf(predictAll(model, n, position), model.hasReference, model.target(n));
  const deviation = position.map((value, j) => value - center[j]);
  return residualsOf(predictAll(model, n, center), predictAll(model, n, deviation), model.hasReference);
}

/** passRows for the categorical family. */
export function passClassesReference(memory: EngineMemory, address: number, model: ModelView): void {
  const u32 = (slot: Pass) => memory.getU32(address, slot);
  const { dimension, numColumns, numPredictors, hasReference } = model;
  const position = memory.f64(u32(Pass.position), dimension);
  const weights = u32(Pass.gramKind) as GramKind;
  const isResidual = weights === GramKind.squaredResidual;
  const center = isResidual ? memory.f64(u32(Pass.center), dimension) : undefined;
  const to = u32(Pass.to);
  const list = u32(Pass.rowList) ? memory.u32(u32(Pass.rowList), to) : undefined;
  const pairs = (numPredictors * (numPredictors + 1)) / 2;
  const given = weights === GramKind.given ? memory.f32(u32(Pass.rowValues), model.numRows * pairs) : undefined;
  const { output, gram, finish } = passOutput(memory, address, dimension);
  for (let at = u32(Pass.from); at < to; at += u32(Pass.step)) {
    const n = list ? list[at] : at;
    const row = model.row(n);
    const eta = predictAll(model, n, position);
    const { means, logSum } = softmax(eta, hasReference);
    const weight = model.weight(n);
    const loss = weight * (logSum - (hasReference ? [0, ...eta] : eta)[model.target(n)]);
    const drawn =
      isResidual && model.aliasFloats ? model.aliasFloats[(n * AliasEntry.bytes + AliasEntry.weight) / 4] : 1;
    const first = classCoefficients(model, n, position, center).map((value) => weight * drawn * value);
    const pairWeight = (k: number, l: number) => {
      if (weights === GramKind.curvature) return weight * means[k] * ((k === l ? 1 : 0) - means[l]);
      if (given) return given[n * pairs + (Math.max(k, l) * (Math.max(k, l) + 1)) / 2 + Math.min(k, l)];
      return first[k] * first[l];
    };
    output[0] += loss;
    output[1] += 1;
    for (let k = 0; k < numPredictors; k++) {
      for (let i = 0; i < numColumns; i++) output[2 + k * numColumns + i] += first[k] * row[i];
      for (let l = 0; l < numPredictors && weights !== GramKind.none; l++) {
        const a = pairWeight(k, l);
        for (let i = 0; i < numColumns; i++)
          for (let j = 0; j < numColumns; j++)
            gram[(k * numColumns + i) * dimension + l * numColumns + j] += a * row[i] * row[j];
      }
    }
  }
  finish();
}

/** influenceRows for the categorical family. */
export function influenceClassesReference(memory: EngineMemory, address: number, model: ModelView): void {
  const u32 = (slot: Influence) => memory.getU32(address, slot);
  const { dimension, numColumns, numPredictors, hasReference } = model;
  const center = memory.f64(u32(Influence.center), dimension);
  const factor = memory.f64(u32(Influence.factor), dimension * dimension);
  const pairs = (numPredictors * (numPredictors + 1)) / 2;
  for (let n = u32(Influence.from); n < u32(Influence.to); n++) {
    const row = model.row(n);
    const products = Array.from({ length: numPredictors }, (_, k) =>
      Array.from({ length: dimension }, (_, m) => {
        let sum = 0;
        for (let j = 0; j < numColumns; j++) {
          const i = k * numColumns + j;
          if (m <= i) sum += factor[i * dimension + m] * row[j];
        }
        return sum;
      }),
    );
    const values = products.map((a) => products.map((b) => a.reduce((sum, value, m) => sum + value * b[m], 0)));
    if (u32(Influence.leverage)) {
      const leverage = memory.f32(u32(Influence.leverage), (n + 1) * pairs).subarray(n * pairs);
      for (let k = 0, p = 0; k < numPredictors; k++) for (let l = 0; l <= k; l++, p++) leverage[p] = values[k][l];
    }
    if (!u32(Influence.influence)) continue;
    const lower = values.map((line) => line.map(() => 0));
    for (let i = 0; i < numPredictors; i++) {
      for (let j = 0; j <= i; j++) {
        const rest = values[i][j] - lower[j].slice(0, j).reduce((sum, entry, k) => sum + entry * lower[i][k], 0);
        lower[i][j] = i === j ? Math.sqrt(rest) : rest / lower[j][j];
      }
    }
    const numSigns = Math.min(8, 2 ** Math.ceil(Math.log2(numPredictors)));
    let sum = 0;
    for (let signs = 0; signs < numSigns; signs++) {
      for (const scale of [1.5, -1.5]) {
        const delta = lower.map((line) =>
          line.reduce((total, entry, l) => total + scale * walsh(l & signs) * entry, 0),
        );
        const r = residualsOf(predictAll(model, n, center), delta, hasReference);
        for (let k = 0; k < numPredictors; k++)
          for (let l = 0; l < numPredictors; l++) sum += r[k] * values[k][l] * r[l];
      }
    }
    memory.f32(u32(Influence.influence), n + 1)[n] = model.weight(n) * Math.sqrt(sum / (2 * numSigns));
  }
}

/** −1 to the number of ones in binary. */
function walsh(bits: number): number {
  return bits.toString(2).replaceAll("0", "").length % 2 === 0 ? 1 : -1;
}
