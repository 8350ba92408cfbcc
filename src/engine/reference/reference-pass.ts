// Plain versions of the kernels passRows and influenceRows, in f64 throughout: the tests compare the two.
import { AliasEntry } from "../../../kernels/layout/model.ts";
import { GramKind, Influence, Pass } from "../../../kernels/layout/pass.ts";
import type { EngineMemory } from "../memory.ts";
import { curvaturesOf, readModel, residualOf, slopesOf } from "./reference-model.ts";
import { passOutput } from "./reference-output.ts";
import { influenceClassesReference, passClassesReference } from "./reference-softmax.ts";

/** kernels/passes/pass-rows.ts: the record at `address` is a Pass (kernels/layout/pass.ts). The last argument is not used. */
export function passRowsReference(memory: EngineMemory, address: number, _unused: number): void {
  const u32 = (slot: Pass) => memory.getU32(address, slot);
  const model = readModel(memory, u32(Pass.model));
  if (model.isCategorical) {
    passClassesReference(memory, address, model);
    return;
  }
  const { dimension, rowLoss, auxiliaryIndices } = model;
  const position = memory.f64(u32(Pass.position), dimension);
  const weights = u32(Pass.gramKind) as GramKind;
  const to = u32(Pass.to);
  const list = u32(Pass.rowList) ? memory.u32(u32(Pass.rowList), to) : undefined;
  const rowValues = weights === GramKind.given ? memory.f32(u32(Pass.rowValues), model.numRows) : undefined;
  const { output, gram, finish } = passOutput(memory, address, dimension);
  const tau = model.tau(position);
  for (let at = u32(Pass.from); at < to; at += u32(Pass.step)) {
    const n = list ? list[at] : at;
    const y = model.target(n);
    const weight = model.weight(n);
    const eta = model.predict(n, position) + model.offset(n);
    let slopes = slopesOf(rowLoss, eta, tau, y).map((slope) => weight * slope);
    if (weights === GramKind.squaredResidual) {
      const centerPosition = memory.f64(u32(Pass.center), dimension);
      const center = model.predict(n, centerPosition) + model.offset(n);
      const centerTau = model.tau(centerPosition);
      const drawn = model.aliasFloats ? model.aliasFloats[(n * AliasEntry.bytes + AliasEntry.weight) / 4] : 1;
      const deviation = [eta - center, tau[0] - centerTau[0], tau[1] - centerTau[1]] as const;
      slopes = residualOf(rowLoss, [center, ...centerTau], deviation, y).map((slope) => weight * drawn * slope);
    }
    const loss = weight * rowLoss.loss(eta, tau, y);
    const curvatures = curvaturesOf(rowLoss, eta, tau, y);
    // The row's derivatives by θ are those by (η, τ) times these.
    const factors = [...model.row(n), ...auxiliaryIndices.map(() => 1)];
    const places = [...model.row(n).map(() => 0), ...auxiliaryIndices.map((place) => place + 1)];
    const entry = (i: number, j: number) => {
      const [p, q] = [places[i], places[j]];
      if (rowValues) return p + q > 0 ? 0 : rowValues[n];
      return weights === GramKind.curvature ? weight * curvatures[p][q] : slopes[p] * slopes[q];
    };
    output[0] += loss;
    output[1] += 1;
    for (let i = 0; i < dimension; i++) {
      output[2 + i] += slopes[places[i]] * factors[i];
      for (let j = 0; j < dimension && gram.length; j++)
        gram[i * dimension + j] += entry(i, j) * factors[i] * factors[j];
    }
  }
  finish();
}

/** kernels/passes/influence-rows.ts: the record at `address` is an Influence (kernels/layout/pass.ts). */
export function influenceRowsReference(memory: EngineMemory, address: number, _unused: number): void {
  const u32 = (slot: Influence) => memory.getU32(address, slot);
  const model = readModel(memory, u32(Influence.model));
  if (model.isCategorical) {
    influenceClassesReference(memory, address, model);
    return;
  }
  const { dimension, numColumns, rowLoss, auxiliaryIndices } = model;
  const center = memory.f64(u32(Influence.center), dimension);
  const factor = memory.f64(u32(Influence.factor), dimension * dimension);
  const leverage = u32(Influence.leverage);
  const influence = u32(Influence.influence);
  const tau = model.tau(center);
  const covariance = covarianceOfTau(factor, dimension, auxiliaryIndices, numColumns);
  const points = pointsInTau(covariance, auxiliaryIndices);
  for (let n = u32(Influence.from); n < u32(Influence.to); n++) {
    const row = model.row(n);
    let variance = 0;
    for (let k = 0; k < numColumns; k++) {
      let product = 0;
      for (let i = k; i < numColumns; i++) product += factor[i * dimension + k] * row[i];
      variance += product ** 2;
    }
    if (leverage) memory.f32(leverage, n + 1)[n] = variance;
    if (!influence) continue;
    const eta = model.predict(n, center) + model.offset(n);
    let sum = 0;
    for (const [first, second] of points) {
      for (const step of [1.5 * Math.sqrt(variance), -1.5 * Math.sqrt(variance)]) {
        const [r, ...rest] = residualOf(rowLoss, [eta, ...tau], [step, first, second], model.target(n));
        sum += r ** 2 * variance;
        for (let i = 0; i < 2; i++) for (let j = 0; j < 2; j++) sum += rest[i] * covariance[i][j] * rest[j];
      }
    }
    memory.f32(influence, n + 1)[n] = model.weight(n) * Math.sqrt(sum / (2 * points.length));
  }
}

/** The covariance of τ₀ and τ₁; 0 for those that are fixed. */
function covarianceOfTau(
  factor: Float64Array,
  dimension: number,
  places: readonly number[],
  numColumns: number,
): number[][] {
  const covariance = [
    [0, 0],
    [0, 0],
  ];
  const line = (k: number) => factor.subarray((numColumns + k) * dimension, (numColumns + k + 1) * dimension);
  places.forEach((p, k) => {
    places.forEach((q, l) => {
      covariance[p][q] = line(k).reduce((sum, value, i) => sum + value * line(l)[i], 0);
    });
  });
  return covariance;
}

/** 1.5 L s for all vectors of signs s, L Lᵀ the covariance. */
function pointsInTau([[v00, v01], [, v11]]: number[][], places: readonly number[]): [number, number][] {
  const l00 = Math.sqrt(v00);
  const l10 = v00 > 0 ? v01 / l00 : 0;
  const l11 = Math.sqrt(v11 - l10 ** 2);
  const signs =
    places.length === 0
      ? [[0, 0]]
      : places.length === 1
        ? [
            [1, 1],
            [-1, -1],
          ]
        : [
            [1, 1],
            [-1, 1],
            [1, -1],
            [-1, -1],
          ];
  return signs.map(([a, b]) => [1.5 * l00 * a, 1.5 * (l10 * a + l11 * b)]);
}
