import { afterEach, describe, expect, it } from "vitest";
import { createInlineEngine, createReferenceEngine, type Engine } from "../../src/engine/engine.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { describeFamilyLaws, familyTarget, singleFamilies } from "./family-laws.ts";
import { problemOf, type Target } from "./targets.ts";

// Every family with offsets, weights and priors of every kind, by the samplers that read rows in different ways.
const seed = 7;
const options = { tolerance: 0.05, chains: 4, seed };

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemOn(create: () => Promise<Engine>, target: Target) {
  const engine = await create();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

const samplerNamed = (name: string) => denseSamplers.find((sampler) => sampler.name === name)!;

describeFamilyLaws({ tolerance: 0.15, draws: 200 });

describe.each(singleFamilies)("%s", (family) => {
  it("agrees with the plain TypeScript step", async () => {
    const sampler = samplerNamed("constant-sgd");
    const short = { ...options, tolerance: 0.5, chains: 1, draws: 5 };
    const local = await problemOn(createInlineEngine, familyTarget(family, 200));
    const { model: _, sample: __, workspace: ___, ...measured } = local;
    const coupled = { ...(await problemOn(createReferenceEngine, familyTarget(family, 200))), ...measured };
    const kernel = await (await sampler.plan(local, short)).sample();
    const reference = await (await sampler.plan(coupled, short)).sample();
    kernel.positions[0].forEach((value, k) => {
      const sd = Math.sqrt(local.laplaceCovariance.data[(k % kernel.dimension) * (kernel.dimension + 1)]);
      expect(Math.abs(value - reference.positions[0][k]) / sd).toBeLessThan(1e-3);
    });
  });
});
