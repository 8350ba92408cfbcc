import { describe, it } from "vitest";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { type FamilyName, families } from "../../src/families/families.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { expectLaw } from "./law.ts";
import { problemOf, type Target } from "./targets.ts";

// Every family with offsets, weights and priors of every kind obeys the laws of the samplers that read rows in different ways.
const seed = 7;

/** Those of one linear predictor a row. */
export const singleFamilies = (Object.keys(families) as FamilyName[]).filter((name) => name !== "categorical");

/** So many rows that the posterior is nearly normal, or so few that it is not. */
export function familyTarget(family: FamilyName, numRows: number): Target {
  const random = createRandom(31, 0, 9);
  const x = Array.from({ length: numRows }, () => Float64Array.of(random.normal(), random.normal()));
  const offset = Float64Array.from(x, () => 0.2 * random.normal());
  const weights = Float64Array.from(x, (_, n) => (n % 2 === 0 ? 1 : 2));
  const trials = families[family].target === "trials" ? Float64Array.from(x, (_, n) => 1 + (n % 7)) : undefined;
  const y = Float64Array.from(x, ([a, b], n) => {
    const eta = Float64Array.of(0.3 * a - 0.2 * b + offset[n] + 0.5);
    return families[family].predictive.draw(random, eta, Float64Array.of(0.6, 6), trials?.[n]);
  });
  return { name: family, x, y, family, prior: "student-t(4, 0, 2)", offset, weights, trials };
}

/** The tests of the laws, with that tolerance and so many draws a chain. */
export function describeFamilyLaws({ tolerance, draws }: { tolerance: number; draws: number }): void {
  describe.each(singleFamilies)("%s", (family) => {
    it.each(["constant-sgd", "momentum-sgd", "sgfs", "control-variate"])("%s obeys its predicted law", async (name) => {
      const engine = await createInlineEngine();
      try {
        const { local } = await problemOf(engine, familyTarget(family, 4000));
        const sampler = denseSamplers.find((sampler) => sampler.name === name)!;
        const plan = await sampler.plan(local, { tolerance, chains: 4, draws, seed });
        expectLaw(local, plan, await plan.sample(), seed);
      } finally {
        await engine.executor.close();
      }
    });
  });
}
