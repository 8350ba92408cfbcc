import { expect, it } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../build-design.ts";

const numRows = 9000;
const rows = Array.from({ length: numRows }, (_, n) => n);
const table = tableFromColumns({
  y: rows.map((n) => Math.sin(n)),
  x: rows.map((n) => (n === 5 || n === 6 ? null : 1000 + (n % 7))),
  code: rows.map((n) => (n % 3 === 0 ? 10 : n % 5)),
  city: rows.map((n) => (n % 4 === 0 ? "Rome" : "Oslo")),
  good: rows.map((n) => n % 3 === 1),
  tie: rows.map((n) => (Math.floor(n / 2) % 2 === 0 ? "b" : "a")),
  words: rows.map((n) => `a word ${n % 3}`),
  other: rows,
});

it("a recipe keeps means and sds of numbers and the most frequent levels, over the complete rows", async () => {
  const { recipe } = await buildDesign(table, parseFormula("y ~ x + C(code) + city + good + tie + words(words)"));
  const typical = Object.fromEntries(recipe.inputs.map(({ name, typical }) => [name, typical]));
  const xs = rows.filter((n) => n !== 5 && n !== 6).map((n) => 1000 + (n % 7));
  const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const sd = Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length);
  const { mean: found, sd: spread } = typical.x as { mean: number; sd: number };
  expect(found).toBeCloseTo(mean, 10);
  expect(spread).toBeCloseTo(sd, 10);
  // Without one row of each there are as many "b" as "a".
  expect(typical).toMatchObject({
    code: { mode: 10 },
    city: { mode: "Oslo" },
    good: { mode: "false" },
    tie: { mode: "a" },
  });
  expect(typical.words).toBeUndefined();
  expect(typical.y).toBeUndefined();
  expect(typical).not.toHaveProperty("other");
});
