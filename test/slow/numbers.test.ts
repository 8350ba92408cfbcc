import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { posteriorToJson } from "../../src/fit/summary/to-json.ts";
import type { FitOptions } from "../../src/options/options.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { allSamplers } from "../numbers/cases.ts";
import { checkNumbers, expectNumbers, expectSentence } from "../numbers/property.ts";

const families = ["gaussian", "bernoulli", "categorical", "poisson", "negative-binomial", "student-t"] as const;
/** Coresets need thousands of rows to be any, and what they run is `nuts`. */
const names = ["auto", ...samplers.map(({ name }) => name).filter((name) => name !== "coreset-nuts")];

/** A small table whose columns may be huge, tiny, or nearly a wall: a level that never has an event. */
function table(family: (typeof families)[number], seed: number, size: number, spread: number) {
  const random = createRandom(seed, 0, 9);
  const x = Array.from({ length: size }, () => spread * random.normal());
  const level = x.map((_, n) => (n % 7 === 0 ? "rare" : "usual"));
  const y = x.map((value, n) => {
    const eta = value / spread - 1;
    const event = level[n] !== "rare" && random.uniform() < 1 / (1 + Math.exp(-eta));
    if (family === "bernoulli") return event;
    if (family === "categorical") return event ? "yes" : random.uniform() < 0.5 ? "no" : "perhaps";
    if (family === "poisson" || family === "negative-binomial") return event ? 1 + Math.floor(3 * random.uniform()) : 0;
    return spread * (eta + random.normal() / Math.max(0.05, random.uniform()));
  });
  return { x, level, y } as Record<string, (string | number | boolean)[]>;
}

describe.each(families)("%s", (family) => {
  it.each(names)("%s: whatever the columns, every number is one, or the refusal is a sentence", async (sampler) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1000 }),
        fc.constantFrom(6, 30, 200),
        fc.constantFrom(1e-6, 1, 1e9),
        async (seed, size, spread) => {
          const input = { data: table(family, seed, size, spread), formula: "y ~ x + level" };
          const options = { family, sampler, seed, chains: 2, draws: 20, tolerance: 0.2 } as FitOptions;
          const result = await fit(input, options).catch((error: unknown) => error);
          if (result instanceof Error) expectSentence(result);
          else {
            expectNumbers(result as Posterior);
            const { coefficients = [] } = posteriorToJson(result as Posterior, { version: "0" });
            expect(JSON.stringify(coefficients)).not.toMatch(/"(mean|sd)":null/);
          }
        },
      ),
      { seed: 7, numRuns: 3, endOnFailure: true },
    );
  });
});

it("every number is one, or the refusal is a sentence, whatever the scales, weights, offsets, priors and settings", {
  timeout: 3_600_000,
}, async () => {
  console.log(await checkNumbers(1000, allSamplers, 18));
});
