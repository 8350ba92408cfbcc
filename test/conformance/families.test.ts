import { afterEach, describe, expect, it } from "vitest";
import { createInlineEngine, createReferenceEngine, type Engine } from "../../src/engine/engine.ts";
import type { FamilyName } from "../../src/families/families.ts";
import { families } from "../../src/families/families.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { expectLaw } from "./law.ts";
import { problemOf, type Target } from "./targets.ts";

// Every family with offsets, weights and priors of every kind, by the samplers that read rows in different ways.
const seed = 7;
const options = { tolerance: 0.05, chains: 4, draws: 500, seed };
const names = (Object.keys(families) as FamilyName[]).filter((name) => name !== "categorical");

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemOn(create: () => Promise<Engine>, target: Target) {
  const engine = await create();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

/** So many rows that the posterior is nearly normal, or so few that it is not. */
function targetOf(family: FamilyName, numRows: number): Target {
  const random = createRandom(31, 0, 9);
  const x = Array.from({ length: numRows }, () => Float64Array.of(random.normal(), random.normal()));
  const offset = Float64Array.from(x, () => 0.2 * random.normal());
  const weights = Float64Array.from(x, (_, n) => (n % 2 === 0 ? 1 : 2));
  const y = Float64Array.from(x, ([a, b], n) => {
    const eta = Float64Array.of(0.3 * a - 0.2 * b + offset[n] + 0.5);
    return families[family].predictive.draw(random, eta, Float64Array.of(0.6, 6));
  });
  return { name: family, x, y, family, prior: "student-t(4, 0, 2)", offset, weights };
}

const samplerNamed = (name: string) => denseSamplers.find((sampler) => sampler.name === name)!;

describe.each(names)("%s", (family) => {
  it.each(["constant-sgd", "momentum-sgd", "sgfs", "control-variate"])("%s obeys its predicted law", async (name) => {
    const local = await problemOn(createInlineEngine, targetOf(family, 4000));
    const plan = await samplerNamed(name).plan(local, options);
    expectLaw(local, plan, await plan.sample(), seed);
  });

  it("agrees with the plain TypeScript step", async () => {
    const sampler = samplerNamed("constant-sgd");
    const short = { ...options, tolerance: 0.5, chains: 1, draws: 5 };
    const local = await problemOn(createInlineEngine, targetOf(family, 200));
    const { model: _, sample: __, workspace: ___, ...measured } = local;
    const coupled = { ...(await problemOn(createReferenceEngine, targetOf(family, 200))), ...measured };
    const kernel = await (await sampler.plan(local, short)).sample();
    const reference = await (await sampler.plan(coupled, short)).sample();
    kernel.positions[0].forEach((value, k) => {
      const sd = Math.sqrt(local.laplaceCovariance.data[(k % kernel.dimension) * (kernel.dimension + 1)]);
      expect(Math.abs(value - reference.positions[0][k]) / sd).toBeLessThan(1e-3);
    });
  });
});
