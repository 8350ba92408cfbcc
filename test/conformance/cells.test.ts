import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blockFiles } from "../../src/blocks/block-files-node.ts";
import { informationRatioOf } from "../../src/diagnostics/certificate/information.ts";
import { openTable } from "../../src/duckdb/source.ts";
import type { BlockFiles } from "../../src/engine/block-store.ts";
import { createInlineEngine } from "../../src/engine/engine.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { fitWithEngine } from "../../src/fit/fit.ts";
import { describeData } from "../../src/fit/input/describe-data.ts";
import { estimateInput, loadInput } from "../../src/fit/input/estimate-input.ts";
import type { FitOptions } from "../../src/options/options.ts";
import { resolveOptions } from "../../src/options/resolve-options.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { rowsOf } from "../../src/rows/rows-of.ts";

// Rows that agree in everything, counted once: the posterior, and what is told of it, are those of the rows one by one.
const folder = mkdtempSync(join(tmpdir(), "ornstein-cells-"));
const path = join(folder, "rows.csv");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const random = createRandom(4, 0, 21);
  const lines = ["late,count,y,hour,city,w,exposure,hits,trials,day,measured"];
  for (let n = 0; n < 24_000; n++) {
    const [hour, city] = [Math.floor(6 * random.uniform()), Math.floor(3 * random.uniform())];
    const eta = -1 + 0.2 * hour + 0.4 * city;
    const probability = 1 / (1 + Math.exp(-eta));
    const trials = 1 + Math.floor(3 * random.uniform());
    const hits = Array.from({ length: trials }, () => random.uniform()).filter((u) => u < probability).length;
    const count = Math.floor(-Math.exp(eta / 3) * Math.log(random.uniform()));
    const late = random.uniform() < probability ? "yes" : "no";
    const y = (0.5 * Math.round(2 * (eta + random.normal()))).toFixed(1);
    // Some values and weights are missing, and some weights are 0.
    const weight = n % 97 === 0 ? "" : Math.floor(3 * random.uniform());
    const name = n % 101 === 0 ? "" : ["Rome", "Oslo", "Ürümqi"][city];
    const exposure = [0.5, 1, 2][n % 3];
    const day = `2024-01-0${1 + (n % 4)}`;
    lines.push([late, count, y, hour, name, weight, exposure, hits, trials, day, random.normal()].join());
  }
  writeFileSync(path, `${lines.join("\n")}\n`);
});

async function withTable<T>(work: (data: Awaited<ReturnType<typeof openTable>>) => Promise<T>): Promise<T> {
  const source = await openTable({ path });
  try {
    return await work(source);
  } finally {
    await source.close?.();
  }
}

/** What the sums at θ, the moments and the summary of a model are, with its cells or without. */
async function told(
  formula: string,
  options: FitOptions,
  { at, blocks }: { at?: Float64Array; blocks?: BlockFiles } = {},
) {
  const engine = { ...(await createInlineEngine()), blocks };
  return withTable(async (data) => {
    const { design, local } = await estimateInput({ data, formula }, resolveOptions(options), engine, {}, () => {});
    const { workspace, model, mode, numRows, noiseCovariance } = local as DenseApproximation;
    const sums = await rowsOf(workspace, model).pass(at ?? mode, { gram: "curvature" });
    return {
      ...{ mode, sums, data: describeData(design, model), columns: design.columns, recipe: design.recipe },
      noise: noiseCovariance.data.map((value) => numRows * value),
      ratio: informationRatioOf(local as DenseApproximation),
    };
  });
}

it.each<[string, FitOptions]>([
  ["late ~ hour*city + day", {}],
  ["count ~ hour + offset(log(exposure))", { family: "poisson" }],
  ["y ~ hour + city", { weights: "w" }],
  ["hits | trials(trials) ~ hour + city", {}],
  ["city ~ hour", {}],
  ["count ~ city", { family: "negative-binomial" }],
])("gives the sums of all rows: %s", async (formula, options) => {
  const rows = await told(formula, { ...options, cells: "off" });
  const cells = await told(formula, options, { at: rows.mode });
  const { cells: count, ...summary } = cells.data;
  expect(count).toBeLessThan(1000);
  // Sums over so many targets in double precision.
  expect(summary.targetMean! / rows.data.targetMean!).toBeCloseTo(1, 12);
  expect(summary.targetSd! / rows.data.targetSd!).toBeCloseTo(1, 12);
  const { targetMean, targetSd, ...whole } = rows.data;
  expect(summary).toMatchObject(whole);
  expect(cells.columns).toEqual(rows.columns);
  expect(cells.recipe).toEqual(rows.recipe);
  expectSame(cells, rows);
});

it.each([
  ["dense", false],
  ["sparse", false],
  ["dense", true],
  ["sparse", true],
] as const)("gives them however the cells are stored: %s, in blocks: %s", async (storage, inBlocks) => {
  const formula = "late ~ C(hour)*city*day";
  // Dense rows of nearly collinear columns stand in coordinates of their own.
  const rows = await told(formula, { weights: "w", cells: "off", storage });
  const blocks = inBlocks ? blockFiles({ memoryBytes: 2 ** 12 }) : undefined;
  try {
    const cells = await told(formula, { weights: "w", storage }, { at: rows.mode, blocks });
    expect([cells.data.blocks !== undefined, cells.data.nonZeros !== undefined]).toEqual([
      inBlocks,
      storage !== "dense",
    ]);
    expectSame(cells, rows);
  } finally {
    blocks?.close();
  }
});

type Told = Awaited<ReturnType<typeof told>>;

function expectSame(cells: Told, rows: Told): void {
  const near = (a: ArrayLike<number>, b: ArrayLike<number>, relative: number, scale: number) => {
    for (let k = 0; k < b.length; k++) expect(Math.abs(a[k] - b[k])).toBeLessThan(relative * scale);
  };
  const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs));
  const { loss, gradient, gram } = rows.sums;
  near([cells.sums.loss], [loss], 1e-9, Math.abs(loss));
  // At the mode the gradient vanishes: what it is summed of has the size √N.
  near(cells.sums.gradient, gradient, 1e-6, Math.sqrt(rows.data.rows));
  // Matrices are summed in single precision over blocks of 64 rows.
  near(cells.sums.gram.data, gram.data, 1e-6, largest(gram.data));
  near(cells.noise, rows.noise, 1e-6, largest(rows.noise));
  expect(cells.ratio / rows.ratio).toBeCloseTo(1, 5);
}

/** The cells of the model that a run would search for the mode of. */
async function cellsOf(formula: string, options: FitOptions): Promise<number | undefined> {
  const engine = await createInlineEngine();
  let found: number | undefined;
  const stop = new Error("seen");
  const seen = withTable((data) =>
    loadInput({ data, formula }, resolveOptions(options), engine, {}, ({ cells }) => {
      found = cells?.counts.length;
      throw stop;
    }),
  );
  await expect(seen).rejects.toBe(stop);
  return found;
}

it("counts cells where that is far fewer, and single rows are not asked for", async () => {
  expect(await cellsOf("late ~ hour", {})).toBe(12);
  for (const sampler of ["nuts", "laplace", "control-variate"])
    expect(await cellsOf("late ~ hour", { sampler })).toBe(12);
  expect(await cellsOf("late ~ hour + measured", {})).toBeUndefined();
  expect(await cellsOf("late ~ hour + (1 | city)", {})).toBeUndefined();
  for (const options of [
    { cells: "off" },
    { sampler: "constant-sgd" },
    { learningRate: 0.1 },
    { prior: "learned" },
  ] as const)
    expect(await cellsOf("late ~ hour", options)).toBeUndefined();
});

const short = { draws: 100, chains: 2 };

it("gives the same posterior, of which rows can be left out and to which rows can be added", async () => {
  const run = (cells: "auto" | "off") =>
    withTable(async (data) =>
      fitWithEngine({ data, formula: "late ~ hour + city" }, { ...short, cells }, await createInlineEngine()),
    );
  const [counted, whole] = [await run("auto"), await run("off")];
  // The same seed: draws differ by what rounding makes of the mode.
  whole.coefficients.forEach(({ mean, sd }, j) => {
    expect(Math.abs(counted.coefficients[j].mean - mean)).toBeLessThan(0.01 * sd);
    expect(Math.abs(counted.coefficients[j].sd / sd - 1)).toBeLessThan(0.01);
  });
  const loo = await withTable((data) => counted.loo(data, { rows: 100 }));
  expect(loo.n_data_points).toBe(whole.data.rows);
  const kept = await withTable(async (data) => {
    const options = { ...short, sampler: "laplace", keepTarget: true } as const;
    return fitWithEngine({ data, formula: "late ~ hour" }, options, await createInlineEngine());
  });
  expect([kept.data.cells, kept.observed!.length]).toEqual([undefined, kept.data.rows]);
  const updated = await counted.update([{ late: "yes", hour: 3, city: "Oslo" }], short);
  expect(updated.data).toMatchObject({ rows: counted.data.rows + 1, updates: [1] });
  expect(updated.data.cells).toBeUndefined();
  const twice = await withTable((data) => counted.update(data, short));
  expect(twice.certificate.notes.join()).toContain("rows with the same sums");
});
