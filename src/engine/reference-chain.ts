// Plain version of the kernel runChain: one step after the other, everything in f64. The tests compare the two.
import { AliasEntry, Chain, Gradient, MatrixKind } from "../../kernels/layout.ts";
import { nextWordsInto, Xoshiro } from "../rng/xoshiro.ts";
import type { EngineMemory } from "./memory.ts";
import { lossOf, type ModelView, readModel, residualOf } from "./reference-model.ts";
import { classCoefficients } from "./reference-softmax.ts";

/** The next rows of a stream, one by one, with their weights; drawn in fours as the kernel draws them. */
class RowReader {
  readonly #stream: Uint32Array;
  readonly #model: ModelView;
  readonly #words = new Uint32Array(4);
  #waiting: [row: number, weight: number][] = [];

  constructor(stream: Uint32Array, model: ModelView) {
    this.#stream = stream;
    this.#model = model;
  }

  next(): [row: number, weight: number] {
    if (this.#waiting.length === 0) this.#draw();
    return this.#waiting.shift()!;
  }

  #draw(): void {
    const { numRows, aliasWords, aliasFloats } = this.#model;
    const rejected = 2 ** 32 % numRows;
    let products: bigint[];
    do {
      nextWordsInto(this.#stream, this.#words);
      products = Array.from(this.#words, (word) => BigInt(word) * BigInt(numRows));
    } while (products.some((product) => Number(product & 0xffffffffn) < rejected));
    const rows = products.map((product) => Number(product >> 32n));
    this.#waiting = rows.map((row) => [row, 1]);
    if (!aliasWords || !aliasFloats) return;
    nextWordsInto(this.#stream, this.#words);
    this.#waiting = rows.map((row, lane) => {
      const entry = (row * AliasEntry.bytes) / 4;
      const threshold = aliasWords[entry];
      const itself = this.#words[lane] < threshold || threshold === 0xffffffff;
      return itself ? [row, aliasFloats[entry + 2]] : [aliasWords[entry + 1], aliasFloats[entry + 3]];
    });
  }
}

/** What a chain has drawn ahead and not yet used; kept from call to call. */
interface Ahead {
  readonly rows: RowReader;
  readonly normals: Xoshiro;
}

const aheadOf = new WeakMap<EngineMemory, Map<number, Ahead>>();

function readAhead(memory: EngineMemory, address: number, model: ModelView): Ahead {
  const chains = aheadOf.get(memory) ?? new Map<number, Ahead>();
  aheadOf.set(memory, chains);
  const known = chains.get(address);
  if (known && memory.getU32(address, Chain.stepsDone) > 0) return known;
  const stream = (slot: Chain) => memory.u32(memory.getU32(address, slot), 16).slice();
  const ahead = {
    rows: new RowReader(memory.getU32(address, Chain.batchSize) ? stream(Chain.rowStream) : new Uint32Array(16), model),
    normals: new Xoshiro(memory.getU32(address, Chain.noiseKind) ? stream(Chain.noiseStream) : new Uint32Array(16)),
  };
  chains.set(address, ahead);
  return ahead;
}

/** kernels/chain.ts: makes min(steps, steps that remain) steps of the chain whose record (a Chain) is at `address`. */
export function runChainReference(memory: EngineMemory, address: number, steps: number): void {
  const u32 = (slot: Chain) => memory.getU32(address, slot);
  const model = readModel(memory, u32(Chain.model));
  const size = model.dimension;
  const vector = (slot: Chain, length = size) => memory.f64(u32(slot), length);
  const position = vector(Chain.position);
  const center = vector(Chain.center);
  const pull = memory.getF64(address, Chain.pull);
  const perDraw = u32(Chain.stepsPerDraw);
  const every = u32(Chain.momentEvery);
  const total = u32(Chain.burnInSteps) + u32(Chain.numDraws) * perDraw;
  const ahead = readAhead(memory, address, model);
  for (let step = 0; step < steps && u32(Chain.stepsDone) < total; step++) {
    const gradient = gradientOf(model, u32(Chain.gradient), u32(Chain.batchSize), position, center, ahead.rows);
    const descent = multiply(memory, u32(Chain.stepKind), u32(Chain.step), gradient, false);
    const normals = u32(Chain.noiseKind)
      ? Float64Array.from(gradient, () => ahead.normals.normal())
      : new Float64Array(size);
    const noise = multiply(memory, u32(Chain.noiseKind), u32(Chain.noise), normals, true);
    for (let j = 0; j < size; j++) position[j] += noise[j] - descent[j] - pull * (position[j] - center[j]);
    if (u32(Chain.twin)) {
      const twin = vector(Chain.twin);
      for (let j = 0; j < size; j++) twin[j] = (1 - pull) * twin[j] + noise[j];
    }
    memory.setU32(address, Chain.stepsDone, u32(Chain.stepsDone) + 1);
    const made = u32(Chain.stepsDone) - u32(Chain.burnInSteps);
    if (made > 0)
      record(memory, address, Math.floor((made - 1) / perDraw), ((made - 1) % perDraw) + 1, perDraw, every, size);
  }
}

/** ĝ */
function gradientOf(
  model: ModelView,
  kind: Gradient,
  batchSize: number,
  position: Float64Array,
  center: Float64Array,
  rows: RowReader,
): Float64Array {
  const { numColumns, numRows, hasAuxiliary, isGaussian, precision, mean, rate } = model;
  const gradient = new Float64Array(model.dimension);
  const tau = model.tau(position);
  const centerTau = model.tau(center);
  const deviation = position.map((value, j) => value - center[j]);
  const isResidual = kind === Gradient.controlVariate;
  for (let s = 0; s < batchSize; s++) {
    const [n, weight] = rows.next();
    if (model.isCategorical) {
      const row = model.row(n);
      const coefficients = classCoefficients(model, n, position, isResidual ? center : undefined);
      for (const [k, value] of coefficients.entries())
        for (let j = 0; j < numColumns; j++) gradient[k * numColumns + j] += (weight * value * row[j]) / batchSize;
      continue;
    }
    const y = model.target(n);
    const loss = lossOf(isGaussian, model.predict(n, position), tau, y);
    const [byEta, byTau] = isResidual
      ? residualOf(isGaussian, [model.predict(n, center), centerTau], [model.predict(n, deviation), tau - centerTau], y)
      : [loss.eta, loss.tau];
    const row = model.row(n);
    for (let j = 0; j < numColumns; j++) gradient[j] += (weight * byEta * row[j]) / batchSize;
    if (hasAuxiliary) gradient[numColumns] += (weight * byTau) / batchSize;
  }
  const coefficients = numColumns * model.outputs;
  for (let j = 0; j < coefficients && !isResidual; j++)
    gradient[j] += (precision[j] * (position[j] - mean[j])) / numRows;
  if (!hasAuxiliary) return gradient;
  const residual = Math.exp(tau) - Math.exp(centerTau) * (1 + tau - centerTau);
  gradient[numColumns] += (isResidual ? rate * residual : rate * Math.exp(tau) - 1) / numRows;
  return gradient;
}

function multiply(
  memory: EngineMemory,
  kind: MatrixKind,
  address: number,
  v: Float64Array,
  isTriangle: boolean,
): Float64Array {
  const size = v.length;
  if (kind === MatrixKind.none) return new Float64Array(size);
  if (kind === MatrixKind.scalar) return v.map((value) => memory.f64(address, 1)[0] * value);
  if (kind === MatrixKind.diagonal) return v.map((value, j) => memory.f64(address, size)[j] * value);
  const matrix = memory.f64(address, size * size);
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < (isTriangle ? i + 1 : size); j++) sum += matrix[i * size + j] * v[j];
    return sum;
  });
}

/** What the iterate after step `within` of interval `index` leaves behind. */
function record(
  memory: EngineMemory,
  address: number,
  index: number,
  within: number,
  perDraw: number,
  every: number,
  size: number,
): void {
  const at = (slot: Chain, offset: number, length: number) => {
    const start = memory.getU32(address, slot);
    return start ? memory.f64(start + 8 * offset, length) : undefined;
  };
  const position = at(Chain.position, 0, size)!;
  const center = at(Chain.center, 0, size)!;
  const means = at(Chain.intervalMeans, index * size, size);
  const twin = at(Chain.twin, 0, size);
  const differences = twin && at(Chain.twinDifferences, index * 2 * size, 2 * size);
  if (within === 1) {
    means?.fill(0);
    differences?.fill(0);
  }
  if (within % every === 0) {
    const moments = at(Chain.moments, 0, size * size);
    const share = every / perDraw;
    const d = position.map((value, j) => value - center[j]);
    for (let i = 0; i < size; i++) {
      if (means) means[i] += position[i] * share;
      if (moments) for (let j = 0; j <= i; j++) moments[i * size + j] += d[i] * d[j];
      if (!twin || !differences) continue;
      differences[i] += (d[i] - twin[i]) * share;
      differences[size + i] += (d[i] ** 2 - twin[i] ** 2) * share;
    }
  }
  if (within === perDraw) at(Chain.draws, index * size, size)?.set(position);
}
