import { afterAll, describe, expect, it } from "vitest";
import { tableInParts } from "../../test/conformance/parts-of-rows.ts";
import type { GramRequest } from "../engine/bindings/pass-record.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { numGroupsOf } from "../engine/sizes-of-groups.ts";
import { findMode } from "../estimation/mode/mode.ts";
import { invertPositiveDefinite } from "../linalg/cholesky.ts";
import { matrix } from "../linalg/matrix.ts";
import type { FitOptions } from "../options/options.ts";
import { resolveOptions } from "../options/resolve-options.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { influencesOf } from "../rows/block-pools.ts";
import { drawEffects, sumEffects } from "../rows/group-effects.ts";
import type { KernelRows } from "../rows/kernel-rows.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import { fitWithEngine } from "./fit.ts";
import { loadModel } from "./input/load-model.ts";

const numRows = 700;
const numGroups = 60;
/** Of which groups are parts. */
const numAreas = 12;
const areaOf = (own: number) => own % numAreas;
const random = createRandom(11, 0, 9);
const effects = Array.from({ length: numGroups }, () => [0.8 * random.normal(), 0.4 * random.normal()]);
// Groups have from one row to many.
const group = Int32Array.from({ length: numRows }, (_, n) =>
  n < numGroups ? n : Math.floor(numGroups * random.uniform() ** 2),
);
const x = Float64Array.from(group, () => 3 + random.normal());
const eta = x.map((value, n) => 0.5 * (value - 3) + effects[group[n]][0] + effects[group[n]][1] * (value - 3));
const columns = {
  y: eta.map((value) => value + random.normal()),
  late: Array.from(eta, (value) => random.uniform() < 1 / (1 + Math.exp(-value))),
  count: eta.map((value) => Math.floor(3 * random.uniform() * Math.exp(0.3 * value))),
  hits: eta.map((value) => Math.floor((4 * random.uniform()) / (1 + Math.exp(-value)))),
  n: Float64Array.from(group, () => 4),
  kind: Array.from(group, (_, n) => "abc"[(n * 7) % 3]),
  x: x.map((value, n) => (n % 97 === 96 ? Number.NaN : value)),
  w: Float64Array.from(group, (_, n) => n % 4),
  g: Array.from(group, (own) => `group ${own}`),
  code: Float64Array.from(group, (own) => 10 * own - 300),
  half: Float64Array.from(group, (own) => own >> 1),
  odd: Array.from(group, (own) => own % 2 === 1),
  area: Array.from(group, (own) => `area ${areaOf(own)}`),
  place: Float64Array.from(group, (own) => Math.floor(own / numAreas)),
};
const table = tableFromColumns(columns);

/** The rows as an engine gives them: areas shared out among parts, areas and groups side by side within one; the last but one has no rows. */
async function inParts(): Promise<TableSource> {
  const shares = [2, 0, 1];
  const order = Array.from(group.keys()).sort(
    (a, b) =>
      shares.indexOf(group[a] % 3) - shares.indexOf(group[b] % 3) ||
      areaOf(group[a]) - areaOf(group[b]) ||
      group[a] - group[b] ||
      b - a,
  );
  const sorted: Record<string, readonly (number | string | boolean)[]> = {};
  for (const [name, values] of Object.entries(columns)) sorted[name] = order.map((n) => values[n]);
  const [second, third] = [1, 2].map((share) => order.findIndex((n) => group[n] % 3 === shares[share]));
  return tableInParts(tableFromColumns(sorted), [0, second, third, third]);
}

const engines: Engine[] = [];
afterAll(async () => {
  for (const { executor } of engines) await executor.close();
});

async function load(data: TableSource, formula: string, options: FitOptions) {
  const engine = await createInlineEngine();
  engines.push(engine);
  return loadModel({ data, formula }, resolveOptions(options), engine, {});
}

const cases: readonly (readonly [formula: string, options: FitOptions])[] = [
  ["y ~ x + kind + (1 | g)", {}],
  ["late ~ x + (1 + x | code)", { weights: "w" }],
  ["count ~ x + offset(x / 10) + (1 | g) + (0 + x | g)", { family: "poisson" }],
  ["hits | trials(n) ~ kind + (x | g)", {}],
  ["kind ~ x + (1 | code)", {}],
  ["late ~ x + (1 | half:odd)", {}],
  ["y ~ x + kind + (1 | area/place)", {}],
  ["late ~ x + (1 | place:area) + (1 + x | area)", { weights: "w" }],
];

describe.each(cases)("%s over groups that are in parts", (formula, options) => {
  const made = Promise.all([load(table, formula, options), inParts().then((parts) => load(parts, formula, options))]);
  const pointOf = (dimension: number) => Float64Array.from({ length: dimension }, (_, j) => 0.1 * ((j % 4) - 1.5));

  it("has the design and the sums of one machine", async () => {
    const [here, there] = await made;
    expect(there.names).toEqual(here.names);
    const { rows: _, blocks: store, recipe, columns: own, groups, rowOrder, ...same } = there.design;
    const { mean, scale } = here.design.target;
    const target = { ...same.target, mean: expect.closeTo(mean, 10), scale: expect.closeTo(scale, 10) };
    expect(here.design).toMatchObject({ ...same, target });
    expect([rowOrder, own.map(({ name }) => name)]).toEqual([undefined, here.design.columns.map(({ name }) => name)]);
    expect(recipe.groups!.factors).toEqual(here.design.recipe.groups!.factors);
    expect(groups!.factors[0].numLevels).toBe(there.model.rows.numRows);
    expect(numGroupsOf(store!.distant!.groups!.sample)).toBe(there.model.rows.numRows);
    expect(there.model.groups!.numInner).toBe(here.model.groups!.numInner);
    const point = pointOf(here.model.dimension);
    const requests: readonly GramRequest[] = [
      { gram: "none" },
      { gram: "curvature" },
      { gram: "squared-gradient" },
      { gram: "squared-residual", center: point.map((value) => value / 2) },
    ];
    for (const request of requests) {
      const expected = await rowsOf(here.workspace, here.model).pass(point, request);
      const found = await rowsOf(there.workspace, there.model).pass(point, request);
      expect(found.count).toBe(expected.count);
      near(found.gradient, expected.gradient);
      near(found.gram.data, expected.gram.data);
      near([found.loss], [expected.loss]);
    }
  });

  it("has the influences, and draws of them that stand for all", async () => {
    const [here, there] = await made;
    const { model, workspace } = there;
    const size = model.dimension;
    const law = { factor: scaled(size, 0.1), covariance: scaled(size, 0.01) };
    const center = pointOf(size);
    const address = here.model.memory.allocate(4 * here.model.rows.numRows);
    await (rowsOf(here.workspace, here.model) as KernelRows).influence(center, law, { influence: address });
    const expected = here.model.memory.f32(address, here.model.rows.numRows).reduce((sum, own) => sum + own, 0);
    const mark = model.memory.mark();
    const influences = await influencesOf(workspace, model, { center, law });
    near([influences.total], [expected], 1e-5);
    // Each group for certain: the sums are those of all.
    const all = await influences.draw({ factor: 0, offset: 1 }, 3);
    const whole = await rowsOf(workspace, model).pass(center, { gram: "curvature" });
    const drawn = await rowsOf(workspace, all).pass(center, { gram: "curvature" });
    near(drawn.gradient, whole.gradient);
    near(drawn.gram.data, whole.gram.data);
    expect([all.rows.numRows, all.rows.wholeRows]).toEqual([model.rows.numRows, model.rows.numRows]);
    // Of a pool, which has groups several times, the sum of the weights is the number of groups, but for what is left to chance.
    const pool = await rowsOf(workspace, model).byInfluence!(center, law, 0.1, { size: 3000, seed: 4 });
    const sums = await rowsOf(workspace, pool).pass(center, { gram: "none" });
    near([(sums.loss * model.rows.numRows) / pool.rows.numRows], [whole.loss], 0.02);
    expect(pool.groups!.numInner).toBeLessThanOrEqual(model.groups!.numInner);
    model.memory.release(mark);
  });

  it("has the effects of every level, and gradients of groups", async () => {
    const [here, there] = await made;
    const size = here.model.dimension;
    const positions = Float64Array.from({ length: 2 * size }, (_, j) => 0.05 * ((j % 5) - 2));
    const at = { positions, numPositions: 2 };
    const weights = Float64Array.of(0.3, 0.7);
    const expected = await sumEffects(here.workspace, here.model, at, weights);
    const found = await sumEffects(there.workspace, there.model, at, weights);
    near(found.inner, expected.inner, 1e-6);
    expect(found.outer === undefined).toBe(expected.outer === undefined);
    near(found.outer ?? [], expected.outer ?? [], 1e-6);
    const numbers = Uint32Array.of(there.model.rows.numRows - 1, 3, 3, 0);
    const visited: Float64Array[] = [];
    await rowsOf(there.workspace, there.model).visitGradients(numbers, positions.slice(0, size), (gradient) => {
      visited.push(gradient.slice());
    });
    const { inner, outer: levels = inner } = there.design.blocks!.distant!.groups!.levels;
    const ofLevels: Float64Array[] = [];
    await rowsOf(here.workspace, here.model).visitGradients(
      numbers.map((number) => levels[number]),
      positions.slice(0, size),
      (gradient) => {
        ofLevels.push(gradient.slice());
      },
    );
    visited.forEach((gradient, k) => {
      near(gradient, ofLevels[k], 1e-6);
    });
  });
});

it("draws of levels' effects have the moments that are summed, and the mode is that of one machine", async () => {
  const [formula, options] = ["late ~ x + (1 | g)", { weights: "w" }] as const;
  const [here, there] = [await load(table, formula, options), await load(await inParts(), formula, options)];
  const [atHere, atThere] = [await findMode(here.workspace, here.model), await findMode(there.workspace, there.model)];
  const covariance = invertPositiveDefinite(atHere.precision);
  atHere.position.forEach((value, j) => {
    const sd = Math.sqrt(covariance.data[j * (covariance.rows + 1)]);
    expect(Math.abs(atThere.position[j] - value)).toBeLessThan(1e-4 * sd);
  });
  const numPositions = 300;
  const many = { positions: new Float64Array(numPositions * 3).fill(0.1), numPositions };
  const one = { positions: many.positions.slice(0, 3), numPositions: 1 };
  const { inner: sums } = await sumEffects(there.workspace, there.model, one, Float64Array.of(1));
  const { inner: draws } = await drawEffects(there.workspace, there.model, many, 8);
  expect(draws.length).toBe(numPositions * there.model.rows.numRows);
  // 60 levels, of which one in hundreds is beyond 3.9 standard errors.
  for (let level = 0; level < there.model.rows.numRows; level++) {
    const own = draws.subarray(level * numPositions, (level + 1) * numPositions);
    const [mean, square] = sums.subarray(2 * level, 2 * level + 2);
    const error = Math.sqrt((square - mean ** 2) / numPositions);
    expect(Math.abs(own.reduce((sum, value) => sum + value, 0) / numPositions - mean)).toBeLessThan(4.5 * error);
  }
});

it.each([
  ["y ~ x + (1 | g)", "nuts", "control-variate"],
  // Of twelve areas the posterior is too far from normal for control variates, and from here nuts takes minutes.
  ["y ~ x + (1 | area/place)", "laplace", "laplace"],
] as const)("%s is fitted as on one machine, and the groups are known", async (formula, samplerHere, samplerThere) => {
  const run = async (data: TableSource, sampler: "nuts" | "control-variate" | "laplace") => {
    const engine = await createInlineEngine();
    engines.push(engine);
    return fitWithEngine({ data, formula }, { sampler, seed: 5, effects: true }, engine);
  };
  const [here, there] = [await run(table, samplerHere), await run(await inParts(), samplerThere)];
  const of = ({ coefficients, groups = [] }: typeof here) => [...coefficients, ...groups.flatMap(({ sds }) => sds)];
  expect(of(there).map(({ name }) => name)).toEqual(of(here).map(({ name }) => name));
  for (const [j, { mean, sd }] of of(there).entries()) {
    // 4,000 draws of NUTS know a mean to some 0.03 sd, and the tolerance of the others is 0.05.
    expect(Math.abs(mean - of(here)[j].mean) / of(here)[j].sd).toBeLessThan(0.2);
    expect(Math.abs(sd / of(here)[j].sd - 1)).toBeLessThan(0.15);
  }
  for (const [k, known] of here.groupEffects!.entries()) {
    const found = there.groupEffects![k];
    expect([found.level(7), found.numLevels]).toEqual([known.level(7), known.numLevels]);
    known.mean.forEach((mean, level) => {
      expect(Math.abs(found.mean[level] - mean)).toBeLessThan(0.2 * known.sd[level]);
    });
  }
});

it.each([
  ["y ~ x + (1 | g) + (1 | kind)", {}, "Group terms of several factors are not fitted with rows on parts of a test"],
  ["y ~ x + (1 | area) + (1 | code)", {}, "write one within the other"],
  ["y ~ x + (1 | area/half/code)", {}, "keep one of the factors"],
  ["y ~ x + (1 | C(code / 2))", {}, "Rows are not grouped by C(code / 2)"],
  ["y ~ x + (1 | g)", { storage: "sparse" } as const, "leave --storage out"],
])("%s is refused", async (formula, options: FitOptions, sentence) => {
  await expect((async () => load(await inParts(), formula, options))()).rejects.toThrow(sentence);
});

/** Within a share of the largest of them. Means that differ in their last digits make some numbers of f32 differ in theirs. */
function near(found: ArrayLike<number>, expected: ArrayLike<number>, share = 1e-6): void {
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(found.length).toBe(expected.length);
  for (let j = 0; j < expected.length; j++)
    expect(Math.abs(found[j] - expected[j])).toBeLessThanOrEqual(share * largest);
}

function scaled(size: number, by: number) {
  const identity = matrix(size, size);
  for (let j = 0; j < size; j++) identity.data[j * (size + 1)] = by;
  return identity;
}
