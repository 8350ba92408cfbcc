import { Chain, MatrixKind, NoiseEstimate } from "../../../kernels/layout.ts";
import { chainScratchBytes } from "../../engine/bindings/scratch.ts";
import { multiplyVector } from "../../linalg/matrix.ts";
import { createRandom, seedStream } from "../../rng/xoshiro.ts";
import type { ChainSpec, Start, StepMatrix } from "./chain-spec.ts";

const matrixKinds = { scalar: MatrixKind.scalar, diagonal: MatrixKind.diagonal, dense: MatrixKind.dense } as const;

/** Writes the record of one chain, and all that it points to, into the engine's memory; returns its address. */
export function writeChain(local: Start, spec: ChainSpec, chain: number): number {
  const { model } = spec;
  const { memory, dimension } = model;
  const address = memory.allocate(Chain.slots * 8);
  memory.u8(address, Chain.slots * 8).fill(0);
  const setU32 = (slot: Chain, value: number) => memory.setU32(address, slot, value);
  const vector = (values: ArrayLike<number>) => {
    const at = memory.allocateF64(values.length);
    memory.f64(at, values.length).set(values);
    return at;
  };
  const stream = (purpose: number) => {
    const at = memory.allocate(64);
    memory.u32(at, 16).set(seedStream(spec.seed, (spec.firstChain ?? 0) + chain, purpose));
    return at;
  };
  const putMatrix = (kindSlot: Chain, slot: Chain, value: StepMatrix) => {
    if (value.kind === "none") return setU32(kindSlot, MatrixKind.none);
    const entries =
      value.kind === "scalar" ? [value.value] : value.kind === "diagonal" ? value.values : value.matrix.data;
    setU32(kindSlot, matrixKinds[value.kind]);
    setU32(slot, vector(entries));
  };
  setU32(Chain.model, model.address);
  setU32(Chain.gradient, spec.gradient);
  setU32(Chain.batchSize, spec.batchSize);
  const { position, velocity } = startingState(local, spec, chain);
  setU32(Chain.position, vector(position));
  setU32(Chain.center, vector(local.mode));
  memory.setF64(address, Chain.pull, spec.pull);
  putMatrix(Chain.stepKind, Chain.step, spec.step);
  putMatrix(Chain.noiseKind, Chain.noise, spec.noise);
  setU32(Chain.rowStream, stream(0));
  setU32(Chain.noiseStream, stream(1));
  setU32(Chain.stepsPerDraw, spec.stepsPerDraw);
  setU32(Chain.burnInSteps, spec.burnInSteps);
  setU32(Chain.numDraws, spec.draws);
  const { drawBuffer } = spec;
  const capacity = (drawBuffer?.capacity ?? spec.draws) * dimension;
  if (drawBuffer?.keeps !== "means") setU32(Chain.draws, memory.allocateF64(capacity));
  if (drawBuffer?.keeps !== "draws") setU32(Chain.intervalMeans, memory.allocateF64(capacity));
  setU32(Chain.momentEvery, spec.momentEvery);
  if (!drawBuffer && (spec.keepMoments ?? true)) setU32(Chain.moments, memory.allocateF64(dimension * dimension));
  setU32(Chain.intervalWeights, memory.allocateF64(spec.draws));
  if (spec.averagesNoise) setU32(Chain.previousNoise, memory.allocateF64(dimension));
  if (spec.isSequential) {
    setU32(Chain.isSequential, 1);
    memory.u32(memory.getU32(address, Chain.rowStream), 1)[0] = 0;
  }
  if (spec.lowRank) {
    setU32(Chain.lowRank, spec.lowRank.directions);
    setU32(Chain.rank, spec.lowRank.rank);
    memory.setF64(address, Chain.lowRankStep, spec.lowRank.step);
    memory.setF64(address, Chain.lowRankNoise, spec.lowRank.noise);
  }
  if (spec.velocity) {
    setU32(Chain.velocity, vector(velocity));
    memory.setF64(address, Chain.velocityKeep, spec.velocity.keep);
  }
  if (spec.rate) {
    memory.setF64(address, Chain.rateOffset, spec.rate.offset);
    memory.setF64(address, Chain.rateExponent, spec.rate.exponent);
  }
  if (spec.intervalEnds) {
    const ends = memory.allocate(4 * spec.draws);
    memory.u32(ends, spec.draws).set(spec.intervalEnds);
    setU32(Chain.intervalEnds, ends);
  }
  if (spec.noiseEstimate) {
    const { kind, every, shape } = spec.noiseEstimate;
    setU32(Chain.noiseEstimate, kind === "first-row" ? NoiseEstimate.firstRow : NoiseEstimate.withinBatch);
    setU32(Chain.noiseEvery, every);
    setU32(Chain.noiseShape, matrixKinds[shape]);
    setU32(Chain.noiseSums, memory.allocateF64(shape === "dense" ? dimension * dimension : dimension));
  }
  if (spec.coupled) {
    setU32(Chain.coupled, vector(new Float64Array(dimension)));
    setU32(Chain.coupledDifferences, memory.allocateF64(spec.draws * 2 * dimension));
  }
  const scratchBytes = chainScratchBytes(model.rows.paddedColumns, model.outputs);
  const scratch = memory.allocate(scratchBytes);
  memory.u8(scratch, scratchBytes).fill(0);
  setU32(Chain.scratch, scratch);
  return address;
}

/** θ̂ + K z: with K from the predicted law the chains start in their stationary state, as dispersed as they will be. */
function startingState(
  { mode }: Start,
  spec: ChainSpec,
  chain: number,
): { position: Float64Array; velocity: Float64Array } {
  if (spec.from) return { position: spec.from[chain], velocity: new Float64Array(mode.length) };
  const random = createRandom(spec.seed, (spec.firstChain ?? 0) + chain, 4);
  const { start } = spec;
  if (!start) throw new TypeError("Chains need a law or positions to start from.");
  const offset = multiplyVector(
    start,
    Float64Array.from({ length: start.rows }, () => random.normal()),
  );
  return { position: mode.map((value, j) => value + offset[j]), velocity: offset.slice(mode.length) };
}
