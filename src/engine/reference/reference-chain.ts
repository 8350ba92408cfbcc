// Plain version of the kernel runChain: the tests compare the two.
import { Chain, Gradient } from "../../../kernels/layout/chain.ts";
import type { EngineMemory } from "../memory.ts";
import { PlainChain } from "./chain.ts";
import { type ModelView, residualOf, slopesOf } from "./reference-model.ts";
import { addNoiseEstimate } from "./reference-noise.ts";
import { classCoefficients } from "./reference-softmax.ts";

/** kernels/chains/chain.ts: makes min(steps, steps that remain) steps of the chain whose record (a Chain) is at `address`. */
export function runChainReference(memory: EngineMemory, address: number, steps: number): void {
  const chain = new PlainChain(memory, address);
  const { model } = chain;
  const kind = memory.getU32(address, Chain.gradient) as Gradient;
  for (let step = 0; step < steps && chain.stepsLeft > 0; step++) {
    const batch = chain.drawBatch().map((row) => rowGradient(model, kind, row, chain.position, chain.center));
    addNoiseEstimate(memory, address, chain.stepsDone, batch);
    const mean = new Float64Array(model.dimension);
    for (const gradient of batch)
      gradient.forEach((value, j) => {
        mean[j] += value / batch.length;
      });
    chain.move(mean);
  }
}

/** The likelihood's part of ĝ that one row makes, before the mean is taken. */
function rowGradient(
  model: ModelView,
  kind: Gradient,
  [n, weight]: [row: number, weight: number],
  position: Float64Array,
  center: Float64Array,
): Float64Array {
  const { numColumns, rowLoss } = model;
  const gradient = new Float64Array(model.dimension);
  const row = model.row(n);
  const factor = weight * model.weight(n);
  if (model.isCategorical) {
    const coefficients = classCoefficients(model, n, position, kind === Gradient.controlVariate ? center : undefined);
    return gradient.map((_, j) => factor * coefficients[Math.floor(j / numColumns)] * row[j % numColumns]);
  }
  const y = model.target(n);
  const offset = model.offset(n);
  const [tau, centerTau] = [model.tau(position), model.tau(center)];
  const deviation = position.map((value, j) => value - center[j]);
  const slopes =
    kind === Gradient.controlVariate
      ? residualOf(
          rowLoss,
          [model.predict(n, center) + offset, ...centerTau],
          [model.predict(n, deviation), tau[0] - centerTau[0], tau[1] - centerTau[1]],
          y,
        )
      : slopesOf(rowLoss, model.predict(n, position) + offset, tau, y);
  for (let j = 0; j < numColumns; j++) gradient[j] = factor * slopes[0] * row[j];
  model.auxiliaryIndices.forEach((place, k) => {
    gradient[numColumns + k] = factor * slopes[place + 1];
  });
  return gradient;
}
