import { beforeAll, describe, expect, it } from "vitest";
import type { Posterior } from "../fit/posterior.ts";
import { compareFits, exportFit, fit, importFit, kFold, loo } from "../library.ts";
import type { KFold } from "./k-fold-result.ts";
import type { Loo } from "./loo.ts";

const count = 80;
const x = Array.from({ length: count }, (_, n) => Math.sin(1.7 * n * n));
const z = x.map((_, n) => (n % 9 === 4 ? Number.NaN : Math.cos(3 * n)));
const city = x.map((_, n) => ["Lima", "Oslo", "Rome"][n % 3]);
const y = x.map((value, n) => 1 + 2 * value + (n % 3) + Math.sin(12.9898 * n * n) * 0.8);
const late = y.map((value) => (value > 2 ? "late" : "early"));
const data = { x, z, city, y, late, n: x.map((_, n) => 1 + (n % 2)) };
const options = { sampler: "laplace", draws: 250 } as const;
const fitOf = (formula: string, others: object = {}) => fit({ data, formula }, { ...options, ...others });
let plain: Posterior;
beforeAll(async () => {
  plain = await fitOf("y ~ x + city");
});

describe("leave-one-out", () => {
  it("is what leaving out each row and fitting again comes to", async () => {
    // The posterior of a linear model is known, and so is that without a row.
    const whole = await fitOf("y ~ x + city", { sampler: "conjugate", draws: 1000 });
    const { loo_i, pareto_k } = await whole.loo(data);
    expect(Math.max(...pareto_k)).toBeLessThan(0.7);
    for (const n of [0, 17, 42, 79]) {
      const without = <T>(values: T[]) => values.filter((_, i) => i !== n);
      const rest = { x: without(x), city: without(city), y: without(y) };
      const own = await fit({ data: rest, formula: "y ~ x + city" }, { sampler: "conjugate", draws: 1000, seed: 2 });
      const { scores } = await own.predict({ x: [x[n]], city: [city[n]], y: [y[n]] }, { posteriorDraws: 4000 });
      // Both rest on 4,000 independent draws of densities with an sd below 0.15 of their mean: 5 standard errors.
      expect(Math.abs(scores!.logScore - loo_i[n])).toBeLessThan((5 * 0.15 * Math.SQRT2) / Math.sqrt(4000));
    }
  });

  it("leaves out rows with a missing value as the fit does, and says which rows it left out", async () => {
    const own = await fitOf("y ~ x + z");
    const { row, n_data_points } = await own.loo(data);
    expect(n_data_points).toBe(own.data.rows);
    expect([...row]).toEqual(x.flatMap((_, n) => (Number.isNaN(z[n]) ? [] : [n + 1])));
  });

  it("of a sample is near that of all rows, with the same rows for every fit", async () => {
    const all = await plain.loo(data);
    const sample = await plain.loo(data, { rows: 30 });
    const other = await (await fitOf("y ~ x")).loo(data, { rows: 30 });
    expect(sample.n_rows_left_out).toBe(30);
    expect(sample.row).toEqual(other.row);
    expect(sample.loo_i[4]).toBeCloseTo(all.loo_i[sample.row[4] - 1], 12);
    expect(Math.abs(sample.elpd_loo - all.elpd_loo)).toBeLessThan(4 * sample.subsampling_se);
    expect(sample.subsampling_se).toBeLessThan(0.2 * all.se);
    const { fits } = compareFits({ plain: sample, other });
    const exact = compareFits({ plain: all, other: await (await fitOf("y ~ x")).loo(data) }).fits[1];
    expect(Math.abs(fits[1].elpd_diff - exact.elpd_diff)).toBeLessThan(4 * fits[1].subsampling_dse);
  });

  it("is of known groups, and says so", async () => {
    const own = await fitOf("y ~ x + (1 | city)", { sampler: "auto", effects: true, draws: 100 });
    const found = await own.loo(data);
    expect(found.warnings.join()).toMatch(/this is about new rows of the same groups; .* `kFold: 10` with `foldBy`/);
    // The fixed effects of three cities and their effects as groups are nearly the same model.
    expect(Math.abs(found.elpd_loo - (await plain.loo(data)).elpd_loo)).toBeLessThan(3);
    const bare = { ...own, groupEffects: undefined };
    await expect(loo(bare, data)).rejects.toThrow("The fit has kept no effects of its groups");
  });

  it("names rows whose weights have no law, and draws that are an approximation or few", async () => {
    const wild = { x, y: y.map((value, n) => (n === 7 ? 40 : value)) };
    const own = await fit({ data: wild, formula: "y ~ x" }, { sampler: "laplace", draws: 50 });
    const { warning, warnings, k_counts, pareto_k } = await own.loo(wild);
    expect(pareto_k.indexOf(Math.max(...pareto_k))).toBe(7);
    expect(warning).toBe(true);
    expect(k_counts.reduce((sum, { rows }) => sum + rows, 0)).toBe(count);
    expect(warnings.join("\n")).toMatch(/^1 row has a Pareto k above 0\.\d\d, .* data row 8 \(k /);
    expect(warnings.join("\n")).toMatch(/There are 200 draws, too few/);
    expect(warnings.join("\n")).toMatch(/those of laplace/);
  });
});

describe("rows that are not the fit's are refused", () => {
  const changed = (change: object) => ({ ...data, ...change });
  it.each([
    [
      "fewer",
      { ...Object.fromEntries(Object.entries(data).map(([name, own]) => [name, own.slice(0, 70)])) },
      /has 70 rows/,
    ],
    ["more", { x: [...x, 1], city: [...city, "Rome"], y: [...y, 3] }, /has more than 80 rows/],
    ["another column", changed({ x: x.map((own, n) => (n === 3 ? own + 0.1 : own)) }), /"x" has the mean/],
    ["another target", changed({ y: y.map((own, n) => (n === 3 ? own + 0.1 : own)) }), /the target, y, has the mean/],
    ["no target", { x, city }, /lacks the columns of the target, y/],
    ["a new level", changed({ city: city.map((own, n) => (n === 3 ? "Bonn" : own)) }), /city is "Bonn" in data row 4/],
  ])("%s", async (_, rows, message) => {
    await expect(plain.loo(rows)).rejects.toThrow(message);
  });

  it("and weights, whose meaning nobody knows", async () => {
    const weighted = await fitOf("y ~ x", { weights: "n" });
    await expect(weighted.loo(data)).rejects.toThrow("The fit counts rows by the weights n");
    await expect(kFold(weighted, data)).rejects.toThrow("The fit counts rows by the weights n");
    const arrays = await fit({ x: x.map((own) => [own]), y, weights: data.n }, options);
    await expect(arrays.loo({ x1: x, y })).rejects.toThrow("by the weights weights");
  });
});

describe("fits that cannot be compared are refused", () => {
  const results: Record<string, Loo | KFold> = {};
  beforeAll(async () => {
    results.plain = await plain.loo(data);
    results.fewer = await (await fitOf("y ~ z")).loo(data);
    results.log = await (await fitOf("exp(y) ~ x")).loo(data);
    results.late = await (await fitOf("late ~ x")).loo(data);
    results.early = await (await fitOf("late ~ x", { event: "early" })).loo(data);
    results.sample = await plain.loo(data, { rows: 20 });
    results.other = await plain.loo(data, { rows: 20, seed: 2 });
    const half = { ...data, z: z.map((own, n) => (n < 1 ? Number.NaN : n % 9 === 4 && n > 4 ? Number.NaN : own || 0)) };
    results.half = await (await fit({ data: half, formula: "y ~ z" }, options)).loo(half);
    results.kfold = await kFold(plain, data, { kFold: 4 });
  });
  it.each([
    [["plain", "fewer"], /plain was made of 80 rows and fewer of 71/],
    [["fewer", "half"], /made of as many rows, but not of the same/],
    [["plain", "log"], /different targets, such as y and log\(y\)/],
    [["plain", "late"], /plain gives its target a density and late probabilities/],
    [["sample", "other"], /left out different samples/],
    [["plain", "sample"], /left out different samples/],
    [["plain", "kfold"], /row by row and .* by folds/],
    [["plain"], /There is one fit/],
  ])("%j", (names, message) => {
    const own = Object.fromEntries(names.map((name) => [name, results[name]])) as Record<string, Loo>;
    expect(() => compareFits(own)).toThrow(message);
  });

  it("and events of one target are not", () => {
    const { late, early } = results as Record<string, Loo>;
    expect(compareFits({ late, early }).fits[1].elpd_diff).toBeLessThan(0.1);
  });
});

describe("K-fold", () => {
  it("fits without each part with the options of the fit, also of a fit that was carried elsewhere", async () => {
    const own = importFit(
      exportFit(await fitOf("y ~ x * city", { sampler: "conjugate", draws: 500, prior: "normal(0, 1)" })),
    );
    const folds = await kFold(own, data, { kFold: 4, stratify: "city" });
    expect(folds.folds.map(({ rows }) => rows)).toEqual([20, 20, 20, 20]);
    // A fold by hand.
    const isIn = (n: number) => folds.fold[n] === 2;
    const part = (keep: boolean) =>
      Object.fromEntries(
        ["x", "city", "y"].map((name) => [
          name,
          (data as Record<string, unknown[]>)[name].filter((_, n) => isIn(n) === keep),
        ]),
      );
    const without = await fit({ data: part(false), formula: "y ~ x * city" }, own.options);
    const { scores } = await without.predict(part(true), { posteriorDraws: 2000 });
    expect(folds.folds[1].elpd).toBeCloseTo(20 * scores!.logScore, 8);
    expect(folds.elpd_kfold).toBeCloseTo(
      folds.kfold_i.reduce((sum, value) => sum + value, 0),
      8,
    );
  });

  it("leaves groups out together, and refuses levels that are then unknown unless told", async () => {
    await expect(kFold(plain, data, { kFold: 3, foldBy: "city" })).rejects.toThrow(
      /^In fold 1 of 3, .* a level that no row of the fit has; .* `unknownLevels: "reference"`/,
    );
    const found = await kFold(plain, data, { kFold: 3, foldBy: "city", unknownLevels: "reference" });
    expect(new Set(found.fold.map((fold, n) => fold * 3 + (n % 3))).size).toBe(3);
    expect(found.warnings.join()).toMatch(/80 rows with a level of city that no row of the other folds has/);
  });

  it.each([
    [{ kFold: 3, foldBy: "town" }, 'no column "town"'],
    [{ kFold: 3, foldBy: "z" }, '"z" has no value in data row 5'],
    [{ kFold: 3, foldBy: "city", stratify: "city" }, "give one of them"],
    [{ kFold: 81 }, "There are 80 rows and 81 folds"],
    [{ kFold: 1 }, "The option kFold cannot be 1"],
  ])("refuses %j", async (given, message) => {
    await expect(kFold(plain, data, given)).rejects.toThrow(message);
  });

  it("ends with the signal", async () => {
    const stopped = new AbortController();
    const listening = {
      signal: stopped.signal,
      onProgress: (stage: string) => stage.startsWith("fold 2") && stopped.abort(),
    };
    await expect(kFold(plain, data, { kFold: 4, ...listening })).rejects.toThrow(/abort/);
  });
});
