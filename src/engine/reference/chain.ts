// A chain of kernels/chains/chain.ts in plain TypeScript, step by step, everything in f64. Who runs it provides the gradients.
import { Chain, Gradient, MatrixKind } from "../../../kernels/layout/chain.ts";
import { AliasEntry } from "../../../kernels/layout/model.ts";
import { nextWordsInto, Xoshiro } from "../../rng/xoshiro.ts";
import type { EngineMemory } from "../memory.ts";
import { type ModelView, readModel } from "./reference-model.ts";
import { addShapedPriors } from "./reference-prior.ts";

/** The next rows of a stream, one by one, with their weights; drawn in fours as the kernel draws them. */
class RowReader {
  readonly #stream: Uint32Array;
  readonly #model: ModelView;
  readonly #isSequential: boolean;
  readonly #words = new Uint32Array(4);
  #waiting: [row: number, weight: number][] = [];

  constructor(stream: Uint32Array, model: ModelView, isSequential: boolean) {
    this.#isSequential = isSequential;
    this.#stream = stream;
    this.#model = model;
  }

  next(): [row: number, weight: number] {
    if (this.#isSequential) {
      const row = this.#stream[0];
      this.#stream[0] = (row + 1) % this.#model.numRows;
      return [row, 1];
    }
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

/** What a chain has drawn ahead and not yet used, and its present interval's Σ s; kept from call to call. */
interface Ahead {
  readonly rows: RowReader;
  readonly normals: Xoshiro;
  intervalWeight: number;
}

const aheadOf = new WeakMap<EngineMemory, Map<number, Ahead>>();

function readAhead(memory: EngineMemory, address: number, model: ModelView): Ahead {
  const chains = aheadOf.get(memory) ?? new Map<number, Ahead>();
  aheadOf.set(memory, chains);
  const known = chains.get(address);
  if (known && memory.getU32(address, Chain.stepsDone) > 0) return known;
  const stream = (slot: Chain) => memory.u32(memory.getU32(address, slot), 16).slice();
  const ahead = {
    intervalWeight: 0,
    rows: new RowReader(
      memory.getU32(address, Chain.batchSize) ? stream(Chain.rowStream) : new Uint32Array(16),
      model,
      memory.getU32(address, Chain.isSequential) === 1,
    ),
    normals: new Xoshiro(memory.getU32(address, Chain.noiseKind) ? stream(Chain.noiseStream) : new Uint32Array(16)),
  };
  chains.set(address, ahead);
  return ahead;
}

/** The chain whose record (kernels/layout/chain.ts, Chain) stands at `address`. */
export class PlainChain {
  readonly model: ModelView;
  readonly #ahead: Ahead;
  readonly #ends: readonly number[];

  constructor(
    readonly memory: EngineMemory,
    readonly address: number,
  ) {
    this.model = readModel(memory, this.#u32(Chain.model));
    this.#ahead = readAhead(memory, address, this.model);
    this.#ends = intervalEnds(memory, address);
  }

  #u32(slot: Chain): number {
    return this.memory.getU32(this.address, slot);
  }

  #vector(slot: Chain): Float64Array {
    return this.memory.f64(this.#u32(slot), this.model.dimension);
  }

  /** θ; the step changes it in place. */
  get position(): Float64Array {
    return this.#vector(Chain.position);
  }

  get center(): Float64Array {
    return this.#vector(Chain.center);
  }

  get stepsDone(): number {
    return this.#u32(Chain.stepsDone);
  }

  get stepsLeft(): number {
    return this.#u32(Chain.burnInSteps) + (this.#ends.at(-1) ?? 0) - this.stepsDone;
  }

  /** The rows of the next step, each with the weight of its draw. */
  drawBatch(): [row: number, weight: number][] {
    return Array.from({ length: this.#u32(Chain.batchSize) }, () => this.#ahead.rows.next());
  }

  /** Makes a step with the likelihood's part of ĝ, the mean over the batch. */
  move(batchGradient: ArrayLike<number>): void {
    const { memory, address } = this;
    const size = this.model.dimension;
    const { position, center } = this;
    const pull = memory.getF64(address, Chain.pull);
    const keep = memory.getF64(address, Chain.velocityKeep);
    const burnIn = this.#u32(Chain.burnInSteps);
    const t = this.stepsDone;
    const rate = rateAt(memory, address, t);
    const gradient = gradientOf(memory, this.model, this.#u32(Chain.gradient), batchGradient, position, center);
    const descent = multiply(memory, this.#u32(Chain.stepKind), this.#u32(Chain.step), gradient, false);
    const lowRank = Array.from({ length: this.#u32(Chain.rank) }, (_, k) =>
      memory.f64(this.#u32(Chain.lowRank) + 8 * k * size, size),
    );
    for (const direction of lowRank) {
      const along = direction.reduce((sum, value, j) => sum + value * gradient[j], 0);
      for (let j = 0; j < size; j++) descent[j] += memory.getF64(address, Chain.lowRankStep) * along * direction[j];
    }
    const normals = this.#u32(Chain.noiseKind)
      ? Float64Array.from(gradient, () => this.#ahead.normals.normal())
      : new Float64Array(size);
    let noise = multiply(memory, this.#u32(Chain.noiseKind), this.#u32(Chain.noise), normals, true);
    for (const direction of lowRank) {
      const factor = memory.getF64(address, Chain.lowRankNoise) * this.#ahead.normals.normal();
      for (let j = 0; j < size; j++) noise[j] += factor * direction[j];
    }
    if (this.#u32(Chain.previousNoise)) {
      const previous = this.#vector(Chain.previousNoise);
      const fresh = noise;
      noise = fresh.map((value, j) => 0.5 * (value + previous[j]));
      previous.set(fresh);
    }
    const change = position.map(
      (value, j) => Math.sqrt(rate) * noise[j] - rate * descent[j] - rate * pull * (value - center[j]),
    );
    if (this.#u32(Chain.velocity)) {
      const velocity = this.#vector(Chain.velocity);
      for (let j = 0; j < size; j++) velocity[j] = change[j] += keep * velocity[j];
    }
    for (let j = 0; j < size; j++) position[j] += change[j];
    if (this.#u32(Chain.coupled)) {
      const coupled = this.#vector(Chain.coupled);
      for (let j = 0; j < size; j++) coupled[j] = (1 - rate * pull) * coupled[j] + Math.sqrt(rate) * noise[j];
    }
    memory.setU32(address, Chain.stepsDone, t + 1);
    if (t < burnIn) return;
    const index = this.#ends.findIndex((end) => t + 1 - burnIn <= end);
    const isFirst = t - burnIn === (index ? this.#ends[index - 1] : 0);
    record(memory, address, this.#ahead, { index, isFirst, isLast: t + 1 - burnIn === this.#ends[index] }, size);
  }
}

/** How many steps after the burn-in each interval ends. */
function intervalEnds(memory: EngineMemory, address: number): readonly number[] {
  const numDraws = memory.getU32(address, Chain.numDraws);
  const given = memory.getU32(address, Chain.intervalEnds);
  if (given) return Array.from(memory.u32(given, numDraws));
  return Array.from({ length: numDraws }, (_, k) => (k + 1) * memory.getU32(address, Chain.stepsPerDraw));
}

/** s at step t. */
function rateAt(memory: EngineMemory, address: number, t: number): number {
  const exponent = memory.getF64(address, Chain.rateExponent);
  const offset = memory.getF64(address, Chain.rateOffset);
  return exponent === 0 ? 1 : ((offset + t) / offset) ** -exponent;
}

/** ĝ */
function gradientOf(
  memory: EngineMemory,
  model: ModelView,
  kind: Gradient,
  batchGradient: ArrayLike<number>,
  position: Float64Array,
  center: Float64Array,
): Float64Array {
  const { wholeRows, precision, mean } = model;
  const gradient = Float64Array.from(batchGradient);
  const isResidual = kind === Gradient.controlVariate;
  for (let j = 0; j < gradient.length && !isResidual; j++)
    gradient[j] += (precision[j] * (position[j] - mean[j])) / wholeRows;
  addShapedPriors(memory, model, isResidual ? center : undefined, position, gradient);
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
  const matrix = memory.f64(
    address,
    kind === MatrixKind.scalar ? 1 : kind === MatrixKind.diagonal ? size : size * size,
  );
  if (kind === MatrixKind.scalar) return v.map((value) => matrix[0] * value);
  if (kind === MatrixKind.diagonal) return v.map((value, j) => matrix[j] * value);
  return v.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < (isTriangle ? i + 1 : size); j++) sum += matrix[i * size + j] * v[j];
    return sum;
  });
}

/** What the iterate leaves behind in an interval, whose means are kept as running ones. */
function record(
  memory: EngineMemory,
  address: number,
  ahead: Ahead,
  { index, isFirst, isLast }: { index: number; isFirst: boolean; isLast: boolean },
  size: number,
): void {
  const at = (slot: Chain, offset: number, length: number) => {
    const start = memory.getU32(address, slot);
    return start ? memory.f64(start + 8 * offset, length) : undefined;
  };
  const made = memory.getU32(address, Chain.stepsDone);
  const every = memory.getU32(address, Chain.momentEvery);
  const burnIn = memory.getU32(address, Chain.burnInSteps);
  const position = at(Chain.position, 0, size)!;
  const center = at(Chain.center, 0, size)!;
  const means = at(Chain.intervalMeans, index * size, size);
  const coupled = at(Chain.coupled, 0, size);
  const differences = coupled && at(Chain.coupledDifferences, index * 2 * size, 2 * size);
  if (isFirst) {
    ahead.intervalWeight = 0;
    means?.fill(0);
    differences?.fill(0);
  }
  if ((made - burnIn) % every === 0) {
    const weight = rateAt(memory, address, made - 1);
    ahead.intervalWeight += weight;
    const share = weight / ahead.intervalWeight;
    const moments = at(Chain.moments, 0, size * size);
    const d = position.map((value, j) => value - center[j]);
    for (let i = 0; i < size; i++) {
      if (means) means[i] += (position[i] - means[i]) * share;
      if (moments) for (let j = 0; j <= i; j++) moments[i * size + j] += weight * d[i] * d[j];
      if (!coupled || !differences) continue;
      differences[i] += (d[i] - coupled[i] - differences[i]) * share;
      differences[size + i] += (d[i] ** 2 - coupled[i] ** 2 - differences[size + i]) * share;
    }
  }
  if (!isLast) return;
  at(Chain.draws, index * size, size)?.set(position);
  at(Chain.intervalWeights, index, 1)?.fill(ahead.intervalWeight);
}
