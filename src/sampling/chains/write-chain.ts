import { writeChainRecord } from "../../engine/bindings/chain-record.ts";
import { multiplyVector } from "../../linalg/matrix.ts";
import { createRandom, seedStream } from "../../rng/xoshiro.ts";
import type { ChainSpec, DrawBuffer, Start } from "./chain-spec.ts";

/** Writes the record of one chain, and all that it points to, into the engine's memory; returns its address. */
export function writeChain(local: Start, spec: ChainSpec, chain: number, drawBuffer?: DrawBuffer): number {
  const { model, draws } = spec;
  const stream = (purpose: number) => seedStream(spec.seed, (spec.firstChain ?? 0) + chain, purpose);
  const { position, velocity } = startingState(local, spec, chain);
  const capacity = drawBuffer?.capacity ?? draws;
  const shared = {
    position,
    center: local.mode,
    rows: spec.isSequential ? { first: 0 } : stream(0),
    noiseStream: stream(1),
    keeps: {
      ...(drawBuffer?.keeps !== "means" && { draws: capacity }),
      ...(drawBuffer?.keeps !== "draws" && { means: capacity }),
      moments: !drawBuffer && (spec.keepMoments ?? true),
    },
  };
  return spec.velocity
    ? writeChainRecord(model, { ...spec, ...shared, velocity: { keep: spec.velocity.keep, start: velocity } })
    : writeChainRecord(model, { ...spec, ...shared, velocity: undefined });
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
