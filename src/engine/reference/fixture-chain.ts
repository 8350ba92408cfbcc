import { matrix } from "../../linalg/matrix.ts";
import { createRandom, seedStream, type Xoshiro } from "../../rng/xoshiro.ts";
import { readChainOutputs } from "../bindings/chain-outputs.ts";
import { writeChainRecord } from "../bindings/chain-record.ts";
import type { FallingRateRecord, LowRankStep, NoiseEstimateSpec, StepMatrix } from "../bindings/chain-types.ts";
import type { GradientKind } from "../bindings/words.ts";
import { isCount } from "./fixture-rows.ts";
import type { Fixture } from "./kernel-fixtures.ts";

export interface ChainFixtureOptions {
  readonly gradient: GradientKind;
  readonly batchSize: number;
  readonly stepKind: StepMatrix["kind"];
  readonly noiseKind: StepMatrix["kind"];
  readonly pull?: number;
  readonly stepsPerDraw?: number;
  readonly burnInSteps?: number;
  readonly numDraws?: number;
  readonly momentEvery?: number;
  readonly coupled?: boolean;
  readonly chain?: number;
  /** What is kept of the velocity. */
  readonly keep?: number;
  readonly rate?: FallingRateRecord;
  readonly intervalEnds?: readonly number[];
  /** Rows in order, two directions beside the step and the noise, the noise averaged over two steps. */
  readonly wide?: boolean;
  /** Of minibatches alone. */
  readonly noiseEstimate?: NoiseEstimateSpec;
}

/** Writes a chain over a fixture's model and returns its address. */
export function createChain(fixture: Fixture, options: ChainFixtureOptions): number {
  const { numColumns, numRows } = fixture.rows;
  const { numDraws = 10, chain = 0, wide = false } = options;
  const random = createRandom(fixture.seed, 1, 9);
  const size = (isCount(fixture.family) ? 0.002 : 0.01) / (1 + numColumns);
  return writeChainRecord(fixture, {
    ...(options.noiseEstimate
      ? { gradient: "minibatch", noiseEstimate: options.noiseEstimate }
      : { gradient: options.gradient }),
    ...motionOf(fixture, options),
    batchSize: options.batchSize,
    position: fixture.position,
    center: fixture.center,
    pull: options.pull ?? 0.01,
    step: someMatrix(fixture, options.stepKind, size, random),
    noise: someMatrix(fixture, options.noiseKind, 0.005, random),
    lowRank: wide ? twoDirections(fixture, random) : undefined,
    rows: wide ? { first: numRows - 3 } : seedStream(fixture.seed, chain, 0),
    noiseStream: seedStream(fixture.seed, chain, 1),
    burnInSteps: options.burnInSteps ?? 4,
    draws: numDraws,
    stepsPerDraw: options.stepsPerDraw ?? 6,
    intervalEnds: options.intervalEnds,
    momentEvery: options.momentEvery ?? 2,
    keeps: { draws: numDraws, means: numDraws, moments: true },
  });
}

function motionOf({ center }: Fixture, { keep, rate, coupled, wide }: ChainFixtureOptions) {
  if (keep !== undefined) return { velocity: { keep, start: center.map((value) => 0.01 * value) }, rate };
  return wide ? { averagesNoise: true } : { rate, coupled };
}

function someMatrix({ dimension }: Fixture, kind: StepMatrix["kind"], size: number, random: Xoshiro): StepMatrix {
  const entry = () => size * (1 + 0.3 * random.uniform());
  if (kind === "none") return { kind };
  if (kind === "scalar") return { kind, value: entry() };
  if (kind === "diagonal") return { kind, values: Float64Array.from({ length: dimension }, entry) };
  const data = Float64Array.from({ length: dimension ** 2 }, (_, i) =>
    i % (dimension + 1) === 0 ? entry() : (size * 0.5 * random.normal()) / dimension,
  );
  return { kind, matrix: matrix(dimension, dimension, data) };
}

function twoDirections({ memory, dimension }: Fixture, random: Xoshiro): LowRankStep {
  const entries = Float64Array.from({ length: 2 * dimension }, () => random.normal() / dimension);
  return { directions: memory.putF64(entries), rank: 2, step: 0.004, noise: 0.01 };
}

/** All that a chain has written. */
export function chainOutput({ memory, dimension }: Fixture, chain: number): Record<string, Float64Array> {
  const outputs = readChainOutputs(memory, chain, dimension);
  return { ...outputs, noiseCount: Float64Array.of(outputs.noiseCount) };
}
