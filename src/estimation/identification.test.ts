import { expect, it } from "vitest";
import { fit } from "../fit/fit-inline.ts";
import { createRandom } from "../rng/xoshiro.ts";

const random = createRandom(5, 0, 9);
const numRows = 400;
const draw = () => Array.from({ length: numRows }, () => random.normal());
const [a, b, noise] = [draw(), draw(), draw()];
const y = a.map((value, n) => value + b[n] + noise[n]);
const short = { seed: 1, chains: 2, draws: 50 };

async function warningOf(columns: Record<string, number[]>): Promise<string> {
  const { warnings } = await fit({ data: { y, ...columns }, formula: "y ~ ." }, short);
  return warnings.find((sentence) => sentence.includes("collinear")) ?? "none";
}

it.each([
  ["twice the same column", { a, again: a }, "the sum of their standardised coefficients"],
  ["a multiple of a column", { a, scaled: a.map((x) => 3 + 2 * x) }, "the sum of their standardised coefficients"],
  [
    "a column and its negative",
    { a, negative: a.map((x) => 1 - x) },
    "the difference of their standardised coefficients",
  ],
  [
    "a column that is two others' sum",
    { a, b, c: a.map((x, n) => x + b[n]) },
    "some combinations of their coefficients",
  ],
  ["a column three times", { a, again: a, third: a }, "some combinations of their coefficients"],
])("%s: what the data tell of is said", async (_, columns, told) => {
  expect(await warningOf(columns)).toContain(`the data tell only about ${told}, and the prior shares it out`);
});

it("columns that are not collinear are not called so", async () => {
  expect(await warningOf({ a, b })).toBe("none");
});
