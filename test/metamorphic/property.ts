import fc from "fast-check";
import { expect } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import type { FitOptions } from "../../src/options/options.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { type Case, cases, widePrior } from "./cases.ts";
import { combined, transformations } from "./transformations.ts";

const run = ({ data, family, terms, weights, sampler, seed }: Case, options: FitOptions = {}): Promise<Posterior> =>
  fit(
    { data: data as Record<string, readonly number[]>, formula: `y ~ ${terms}` },
    { family, sampler, weights, seed, chains: 2, draws: 200, tolerance: 0.05, ...widePrior, ...options },
  );

/** Samplers that cannot be used for a case say so in a sentence, for the case and its change alike. */
async function outcome(given: Case): Promise<Posterior | string> {
  return run(given).catch((error: Error) => {
    if (error.name !== "InputError") throw error;
    return error.message;
  });
}

/**
 * Cases and changes of them: what the posterior is transforms as it must. Means agree within six Monte Carlo errors of both
 * runs, beside a twentieth of an sd for what the samplers' own tolerance and the wide prior's trace leave.
 */
export async function checkTransformations(numRuns: number, names: readonly string[]): Promise<void> {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(cases(names), fc.constantFrom(...transformations), async (given, transformation) => {
      if (transformation.applies && !transformation.applies(given)) return;
      const [before, after] = [await outcome(given), await outcome(transformation.change(given))];
      if (typeof before === "string" || typeof after === "string") {
        expect([typeof before, typeof after], `${before} / ${after}`).toEqual(["string", "string"]);
        return;
      }
      compared++;
      const what = `${transformation.name}: ${given.family} ~ ${given.terms}, ${given.sampler}, seed ${given.seed}`;
      expect(after.coefficients, what).toHaveLength(before.coefficients.length);
      for (const coefficient of after.coefficients) {
        const combination = transformation.combination?.(coefficient.name, given) ?? { [coefficient.name]: 1 };
        const expected = combined(before.coefficients, combination);
        const own = combined(after.coefficients, { [coefficient.name]: 1 });
        const allowed = 6 * Math.hypot(expected.error, own.error) + 0.05 * own.sd;
        expect(Math.abs(coefficient.mean - expected.mean), `${what}, ${coefficient.name}`).toBeLessThan(allowed);
        if (Object.keys(combination).length > 1) continue;
        const relative = 6 * Math.hypot(expected.error / expected.sd, own.error / own.sd) + 0.05;
        expect(Math.abs(coefficient.sd / expected.sd - 1), `${what}, ${coefficient.name}`).toBeLessThan(relative);
      }
    }),
    { seed: 12, numRuns, endOnFailure: true },
  );
  // A property that never compares anything says nothing.
  expect(compared).toBeGreaterThan(numRuns / 3);
}

/** All but the one of crossed factors, which no case has. */
export const allSamplers = [
  "auto",
  ...samplers.filter(({ forCrossedFactors }) => !forCrossedFactors).map(({ name }) => name),
];
