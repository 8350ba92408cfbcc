import { expect } from "vitest";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine } from "../engine/engine.ts";
import { EngineMemory } from "../engine/memory.ts";
import { estimateCustom } from "../estimation/estimate-custom.ts";
import { type CustomModelOptions, customModel, modelOf } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { sampleModel } from "./sample-model.ts";

/** A logistic regression written by hand, in double precision, and the same for the built-in family. */
export function logistic(numRows = 500, scale = 1) {
  const random = createRandom(41, 0, 9);
  const x = Array.from({ length: numRows }, () => Float64Array.of(random.normal(), random.normal(), 1));
  const y = Float64Array.from(x, ([a, b]) => Number(random.uniform() < 1 / (1 + Math.exp(0.5 - a + 0.5 * b))));
  const lossAndGradient: CustomModelOptions["lossAndGradient"] = (position, rows) => {
    let loss = 0;
    const gradient = new Float64Array(3);
    for (const n of rows) {
      const eta = x[n].reduce((sum, value, j) => sum + value * position[j], 0);
      loss += (Math.log1p(Math.exp(eta)) - y[n] * eta) / rows.length;
      const slope = (1 / (1 + Math.exp(-eta)) - y[n]) / rows.length;
      for (let j = 0; j < 3; j++) gradient[j] += scale * slope * x[n][j];
    }
    return { loss, gradient };
  };
  const prior = { mean: 0, sd: 2.5 };
  const options: CustomModelOptions = { dimension: 3, numRows, lossAndGradient, prior };
  const target: Target = { name: "", x, y, family: "bernoulli", prior, standardize: "none", intercept: false };
  return { options, target };
}

export async function estimatesOf({ options, target }: ReturnType<typeof logistic>) {
  const memory = new EngineMemory();
  const model = customModel(options);
  const engine = await createInlineEngine();
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const seed = { seed: 1, findMode: true };
  const { local: custom } = await estimateCustom(workspace, modelOf(memory, model), model.start, seed);
  const { local: builtIn } = await problemOf(engine, target);
  return { custom, builtIn };
}

const tuningOf: Record<string, object> = { "constant-sgd": { preconditioner: "full" } };

/** A sampler's draws from it have the posterior's means and sds. */
export async function expectPosteriorBy(sampler: string): Promise<void> {
  const { options } = logistic();
  const { builtIn } = await estimatesOf(logistic());
  const posterior = await sampleModel(customModel(options), {
    sampler,
    ...tuningOf[sampler],
    draws: 200,
    tolerance: 0.1,
  });
  posterior.coefficients.forEach(({ mean, sd, mcse_mean, ess_bulk }, j) => {
    const laplace = Math.sqrt(builtIn.laplaceCovariance.data[4 * j]);
    // The posterior itself is within 0.05 sd of the mode, and its sd within 3 %, of this many rows.
    expect(Math.abs(mean - builtIn.mode[j])).toBeLessThan(4.5 * mcse_mean! + 0.1 * laplace);
    expect(Math.abs(sd / laplace - 1)).toBeLessThan(4.5 / Math.sqrt(2 * ess_bulk!) + 0.06);
  });
  expect(posterior.settings.because.length).toBeGreaterThan(10);
  expect(posterior.certificate.meanSquareStable).toBe(true);
}
