// Plain versions of the kernels passRows and influenceRows, in f64 throughout: the tests compare the two.
import { AliasEntry, Influence, Pass, Weights } from "../../kernels/layout.ts";
import type { EngineMemory } from "./memory.ts";
import { lossOf, readModel, residualOf } from "./reference-model.ts";
import { influenceClassesReference, passClassesReference } from "./reference-softmax.ts";

/** kernels/pass-rows.ts: the record at `address` is a Pass (kernels/layout.ts). The last argument is not used. */
export function passRowsReference(memory: EngineMemory, address: number, _unused: number): void {
  const u32 = (slot: Pass) => memory.getU32(address, slot);
  const model = readModel(memory, u32(Pass.model));
  if (model.isCategorical) {
    passClassesReference(memory, address, model);
    return;
  }
  const { dimension, numColumns, hasAuxiliary, isGaussian } = model;
  const position = memory.f64(u32(Pass.position), dimension);
  const weights = u32(Pass.weights) as Weights;
  const to = u32(Pass.to);
  const list = u32(Pass.rowList) ? memory.u32(u32(Pass.rowList), to) : undefined;
  const rowValues = weights === Weights.given ? memory.f32(u32(Pass.rowValues), model.numRows) : undefined;
  const gramLength = weights === Weights.none ? 0 : dimension * dimension;
  const output = memory.f64(u32(Pass.output), 3 + 2 * dimension + gramLength).fill(0);
  const gram = output.subarray(3 + 2 * dimension);
  const tau = model.tau(position);
  for (let at = u32(Pass.from); at < to; at += u32(Pass.step)) {
    const n = list ? list[at] : at;
    const row = model.row(n);
    const y = model.target(n);
    const eta = model.predict(n, position);
    const loss = lossOf(isGaussian, eta, tau, y);
    let [first, firstTau] = [loss.eta, loss.tau];
    if (weights === Weights.squaredResidual) {
      const centerPosition = memory.f64(u32(Pass.center), dimension);
      const center = model.predict(n, centerPosition);
      const centerTau = model.tau(centerPosition);
      const weight = model.aliasFloats ? model.aliasFloats[(n * AliasEntry.bytes + AliasEntry.weight) / 4] : 1;
      const residual = residualOf(isGaussian, [center, centerTau], [eta - center, tau - centerTau], y);
      [first, firstTau] = [weight * residual[0], weight * residual[1]];
    }
    let [a, b, c] = [first * first, first * firstTau, firstTau * firstTau];
    if (weights === Weights.curvature) [a, b, c] = [loss.etaEta, loss.etaTau, loss.tauTau];
    if (rowValues) [a, b, c] = [rowValues[n], 0, 0];
    output[0] += loss.value;
    output[1] += loss.value ** 2;
    output[2] += 1;
    for (let i = 0; i < numColumns; i++) {
      output[3 + i] += first * row[i];
      for (let j = 0; j < numColumns && gramLength; j++) gram[i * dimension + j] += a * row[i] * row[j];
    }
    if (!hasAuxiliary) continue;
    output[3 + numColumns] += firstTau;
    if (!gramLength) continue;
    for (let j = 0; j < numColumns; j++) {
      gram[numColumns * dimension + j] += b * row[j];
      gram[j * dimension + numColumns] += b * row[j];
    }
    gram[dimension * dimension - 1] += c;
  }
}

/** kernels/influence-rows.ts: the record at `address` is an Influence (kernels/layout.ts). */
export function influenceRowsReference(memory: EngineMemory, address: number, _unused: number): void {
  const u32 = (slot: Influence) => memory.getU32(address, slot);
  const model = readModel(memory, u32(Influence.model));
  if (model.isCategorical) {
    influenceClassesReference(memory, address, model);
    return;
  }
  const { dimension, numColumns, hasAuxiliary, isGaussian } = model;
  const center = memory.f64(u32(Influence.center), dimension);
  const factor = memory.f64(u32(Influence.factor), dimension * dimension);
  const leverage = u32(Influence.leverage);
  const influence = u32(Influence.influence);
  const tau = model.tau(center);
  let tauVariance = 0;
  if (hasAuxiliary) for (let k = 0; k < dimension; k++) tauVariance += factor[numColumns * dimension + k] ** 2;
  const tauSteps = hasAuxiliary ? [1.5 * Math.sqrt(tauVariance), -1.5 * Math.sqrt(tauVariance)] : [0];
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
    const eta = model.predict(n, center);
    let sum = 0;
    for (const tauStep of tauSteps) {
      for (const etaStep of [1.5 * Math.sqrt(variance), -1.5 * Math.sqrt(variance)]) {
        const residual = residualOf(isGaussian, [eta, tau], [etaStep, tauStep], model.target(n));
        sum += residual[0] ** 2 * variance + residual[1] ** 2 * tauVariance;
      }
    }
    memory.f32(influence, n + 1)[n] = Math.sqrt(sum / (2 * tauSteps.length));
  }
}
