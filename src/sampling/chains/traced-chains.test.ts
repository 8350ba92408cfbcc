import { expect, it } from "vitest";
import { problemOf, skewedTarget } from "../../../test/conformance/targets.ts";
import { createInlineEngine } from "../../engine/engine.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { runChains } from "./run-chains.ts";
import { runTracedChains, tracedDraws } from "./traced-chains.ts";

it("keeps positions between the draws, and changes neither the draws nor the averages", async () => {
  const engine = await createInlineEngine();
  const { local } = await problemOf(engine, skewedTarget());
  const spec: ChainSpec = {
    ...{ model: local.model, gradient: "minibatch", batchSize: 10, pull: 0 },
    step: { kind: "scalar", value: 1 },
    noise: { kind: "none" },
    ...{
      start: local.laplaceFactor,
      burnInSteps: 20,
      stepsPerDraw: 24,
      momentEvery: 2,
      chains: 2,
      draws: 50,
      seed: 3,
    },
  };
  const plain = await runChains(local, spec);
  const traced = await runTracedChains(local, spec, 5);
  expect(traced.draws).toBe(50);
  expect(traced.positions).toEqual(plain.positions);
  expect(traced.mean.length).toBe(plain.mean.length);
  const { dimension } = plain;
  traced.intervalMeans.forEach((means, chain) => {
    for (let k = 0; k < means.length; k++) expect(means[k]).toBeCloseTo(plain.intervalMeans[chain][k], 10);
  });
  for (let j = 0; j < dimension; j++) {
    expect(traced.mean[j]).toBeCloseTo(plain.mean[j], 10);
    expect(traced.covariance.data[j * (dimension + 1)]).toBeCloseTo(plain.covariance.data[j * (dimension + 1)], 10);
  }
  // Four a draw, the last of which is the draw: 24 steps are four autocorrelation times, and a bit.
  expect(traced.trace!.map((trace) => trace.length)).toEqual([200 * dimension, 200 * dimension]);
  for (let draw = 0; draw < 50; draw++)
    expect(traced.trace![1][(4 * draw + 3) * dimension]).toBe(plain.positions[1][draw * dimension]);
  // Draws that are no farther apart than it takes to forget the last one have nothing between them.
  expect((await runTracedChains(local, spec, 20)).trace).toBeUndefined();
});

it("makes independent draws of which the first are kept, where the others take little memory", () => {
  const count = (_chain: number, draws: number) => Float64Array.from({ length: 2 * draws }, (_, k) => k);
  const { positions, trace } = tracedDraws({ chains: 2, draws: 10, dimension: 2 }, count);
  expect(positions[1]).toEqual(count(1, 10));
  expect(trace![1]).toEqual(count(1, 40));
  const large = tracedDraws({ chains: 1, draws: 300_000, dimension: 2 }, count);
  expect(large.positions[0].length).toBe(600_000);
  expect(large.trace).toBeUndefined();
});
