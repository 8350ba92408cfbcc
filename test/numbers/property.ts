import fc from "fast-check";
import { expect } from "vitest";
import { InputError } from "../../src/errors.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { requireNumbers } from "../../src/fit/options/require-numbers.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { type Case, cases } from "./cases.ts";

/** Every string and number in a result, with where it stands. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (value === null || typeof value !== "object") return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

/** What is no number in a sentence for people. */
const noNumber = /\bNaN\b|Infinity|∞|undefined|\bnull\b|\d\.\d+e\+\d+%/;

/** No number of a fit is none, and no sentence speaks of one. */
export function expectNumbers({ coefficients, certificate, settings, warnings, draws }: Posterior): void {
  expect(() => requireNumbers(coefficients)).not.toThrow();
  for (const [path, leaf] of leaves({ coefficients, certificate, settings, warnings })) {
    if (typeof leaf === "number") expect(Number.isFinite(leaf), path).toBe(true);
    if (typeof leaf === "string") expect(leaf, path).not.toMatch(noNumber);
  }
  for (const [name, chains] of draws.entries())
    expect(
      chains.every((chain) => chain.every(Number.isFinite)),
      name,
    ).toBe(true);
}

/** One sentence that ends like one. */
export function expectSentence(error: unknown): void {
  expect(error, String((error as Error)?.stack)).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).toMatch(/^\S.*\.$/s);
  expect(message).not.toMatch(noNumber);
}

/** Settings that take minutes are right to: such a run is stopped, and says nothing. */
const maxMilliseconds = 1500;

async function outcomeOf({ data, formula, options }: Case): Promise<"fitted" | "refused" | "stopped"> {
  const signal = AbortSignal.timeout(maxMilliseconds);
  try {
    expectNumbers(await fit({ data, formula }, { ...options, signal }));
    return "fitted";
  } catch (error) {
    if (signal.aborted && error === signal.reason) return "stopped";
    if ((error as Error)?.name === "AssertionError") throw error;
    expectSentence(error);
    return "refused";
  }
}

/** Whatever is asked for, either every number is one, or a sentence refuses it. */
export async function checkNumbers(
  numRuns: number,
  names: readonly string[],
  seed: number,
): Promise<Record<"fitted" | "refused" | "stopped", number>> {
  const counts = { fitted: 0, refused: 0, stopped: 0 };
  await fc.assert(
    fc.asyncProperty(cases(names), async (given) => {
      counts[await outcomeOf(given)]++;
    }),
    { seed, numRuns, endOnFailure: true },
  );
  // A property of refusals alone says nothing of numbers.
  expect(counts.fitted).toBeGreaterThan(numRuns / 5);
  return counts;
}
