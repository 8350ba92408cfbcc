import { expect, it } from "vitest";
import { fit } from "../fit/fit-inline.ts";
import { createRandom } from "../rng/xoshiro.ts";

const random = createRandom(7, 0, 2);
/** Rows of each level, and the share of events; the first level is the reference. */
const levels = {
  a: [600, 0],
  b: [4, 0],
  c: [90, 1],
  d: [40, 0.3],
  e: [500, 0.02],
  f: [3000, 0.4],
  g: [2000, 0.6],
  h: [9, 0],
};
const level = Object.entries(levels).flatMap(([name, [rows]]) => Array.from({ length: rows }, () => name));
const x = level.map(() => random.normal());
const y = level.map((name, row) => {
  const share = levels[name as keyof typeof levels][1];
  const odds = (share / (1 - share)) * Math.exp(0.5 * x[row]);
  return random.uniform() < (share === 1 ? 1 : odds / (1 + odds)) ? 1 : 0;
});

it.each([
  ["treatment coding, whose reference level has one class only", "y ~ x + level"],
  ["an indicator for each level beside an intercept", "y ~ x + a + b + c + d + e + f + g + h"],
])("%s: the wall lies along one coordinate, and a quarter of a turn takes few gradients", async (_, formula) => {
  const indicators = Object.fromEntries([..."abcdefgh"].map((name) => [name, level.map((l) => Number(l === name))]));
  const data = { x, y, level, ...indicators };
  const posterior = await fit({ data, formula }, { family: "bernoulli", sampler: "nuts", draws: 300 });
  const nuts = posterior.certificate.checks.find(({ id }) => id === "nuts")!;
  expect(nuts.passed).toBe(true);
  const [, gradients] = /([\d.]+) gradients a draw/.exec(nuts.message)!;
  // Along the coefficients of treatment coding trajectories diverge.
  expect(Number(gradients)).toBeLessThan(3);
});
