import { expect, it } from "vitest";
import { tableInParts } from "../../../test/conformance/parts-of-rows.ts";
import { recordsOf } from "../../../test/conformance/records-of-design.ts";
import { parseFormula } from "../../formula/formula.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../build-design.ts";
import type { DesignOptions } from "../design-types.ts";

const numRows = 3000;
const random = createRandom(5, 0, 9);
const x = Float64Array.from({ length: numRows }, () => 1000 + random.normal());
const columns = {
  y: x.map((value) => value - 1000 + random.normal()),
  count: Float64Array.from(x, () => Math.floor(5 * random.uniform() ** 2)),
  n: Float64Array.from(x, () => 6),
  late: Array.from(x, () => random.uniform() < 0.3),
  kind: Array.from(x, (_, n) => (n < 700 ? "ab"[n % 2] : n > 2800 ? "z" : "bcd"[n % 3])),
  // Values are met in another order in each part.
  hour: Float64Array.from(x, (_, n) => (7 * n + (n > 1500 ? 3 : 0)) % 11),
  x: x.map((value, n) => (n % 97 === 3 ? Number.NaN : value)),
  w: Float64Array.from(x, (_, n) => n % 4),
  day: Array.from(x, (_, n) => `2024-01-${10 + (n % 9)}`),
  text: Array.from(x, (_, n) => `${n < 500 ? "rare" : "good"} ${["word", "words", "other"][n % 3]}`),
};
const table = tableFromColumns(columns);
/** The second part has no rows. */
const inParts = tableInParts(table, [0, 501, 501, 1600, 2950]);

const cases: readonly (readonly [formula: string, options: DesignOptions])[] = [
  ["y ~ x * kind + C(hour)", {}],
  ["y ~ 0 + kind:C(hour) + log(x) + late", { weights: "w" }],
  ["late ~ x + day + offset(x / 1000)", { weights: "w / 2" }],
  ["count | trials(n) ~ x + kind", {}],
  ["count ~ x + C(hour):x + offset(log(x))", { family: "poisson", standardize: "features" }],
  ["kind ~ x + words(text)", {}],
  ["count ~ x", {}],
  ["y ~ poly(x, 3) + poly(hour, 2):kind", {}],
];

it.each(cases)("%s is the design of parts that is that of the whole", async (formula, options) => {
  const whole = await buildDesign(table, parseFormula(formula), { ...options, storage: "dense" });
  const parts = await buildDesign(await inParts, parseFormula(formula), { ...options, storage: "dense" });
  const { rows, recipe, columns, target, ...others } = whole;
  const { rows: sample, recipe: ofParts, columns: own, target: ownTarget, blocks, ...same } = parts;
  expect(same).toEqual(others);
  expect(blocks!.sampleRows).toBe(whole.numRows);
  const near = (value: number) => expect.closeTo(value, 11);
  expect(own).toEqual(columns.map((column) => ({ ...column, mean: near(column.mean), scale: near(column.scale) })));
  expect(ownTarget).toEqual({ ...target, mean: near(target.mean), scale: near(target.scale) });
  expect([ofParts.levels, ofParts.blocks, ofParts.terms]).toEqual([recipe.levels, recipe.blocks, recipe.terms]);
  expect(ofParts.inputs.map(({ name, type, isTime }) => [name, type, isTime])).toEqual(
    recipe.inputs.map(({ name, type, isTime }) => [name, type, isTime]),
  );
  // A mean that differs in its last digit moves what is centred on it, by as much as x has digits.
  sample.forEach((value, at) => {
    if (Math.abs(value - rows[at]) > 1e-6 * Math.max(1, Math.abs(value))) expect([at, value]).toEqual([at, rows[at]]);
  });
  const { sum, squares } = blocks!.summary.weights;
  const weights = rows.filter((_, at) => at % whole.stride === whole.stride - 3);
  const expected = whole.hasWeights ? weights : new Float32Array(whole.numRows).fill(1);
  expect([sum, squares]).toEqual([expected.reduce((a, b) => a + b, 0), expected.reduce((a, b) => a + b * b, 0)]);
});

it.each([
  ["y ~ x * kind + C(hour) + words(text)", { storage: "sparse" }],
  ["count ~ kind:C(hour):day + offset(log(x))", { family: "poisson", weights: "w" }],
] as const)("%s is sparse in parts as in the whole", async (formula, options) => {
  const whole = await buildDesign(table, parseFormula(formula), options);
  const parts = await buildDesign(await inParts, parseFormula(formula), options);
  expect(whole.sparse).toBeDefined();
  expect(parts.sparse).toEqual(whole.sparse);
  const expected = recordsOf(whole);
  recordsOf(parts).forEach(({ target, offset, values, ...record }, n) => {
    const { target: y, offset: o, values: own, ...same } = expected[n];
    expect(record).toEqual(same);
    const near = (value: number) => expect.closeTo(value, 5);
    expect([target, offset, ...values]).toEqual([y, o, ...own].map(near));
  });
});

it.each([
  [
    "y ~ x + (1 | kind) + (1 | day)",
    {},
    "Group terms of several factors are not fitted with rows on parts of a test (--engine)",
  ],
  ["y ~ poly(n, 1)", {}, "poly(n, 1) needs more than 1 different values of n"],
  ["y ~ x + (1 | kind)", { storage: "sparse" } as const, "leave --storage out"],
  ["y ~ x", { family: "poisson" } as const, /y is -?[\d.]+ in data row 1;/],
  ["y ~ log(x - 1000)", {}, "is not a number in data row"],
  ["late ~ x + offset(kind)", {}, "kind is text"],
  ["y ~ x:n", { weights: "0 * w" }, "Every complete row has weight 0"],
])("%s is refused", async (formula, options: DesignOptions, sentence) => {
  await expect((async () => buildDesign(await inParts, parseFormula(formula), options))()).rejects.toThrow(sentence);
});

it("is refused where the rows are others at the second reading", async () => {
  const parts = await inParts;
  for (const starts of [
    [0, 500, 501, 1600, 2950],
    [0, 501, 501, 1600],
    [0, 501, 501, 1600, 2950, 2990],
  ]) {
    const others = await tableInParts(table, starts);
    const changing = { ...parts, distant: { ...parts.distant!, encode: others.distant!.encode } };
    await expect(buildDesign(changing, parseFormula("y ~ x"))).rejects.toThrow(
      "The data changed while it was being read",
    );
  }
});
