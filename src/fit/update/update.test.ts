import { expect, it } from "vitest";
import { exportFit, importFit } from "../../persistence/portable-fit.ts";
import { fit } from "../fit-inline.ts";
import type { Posterior } from "../posterior.ts";
import { update } from "../update-fit.ts";
import { differences, simulated } from "./update-fixtures.ts";

const checkOf = ({ certificate }: Posterior, id: string) => certificate.checks.find((check) => check.id === id);

// Fewer draws than usual are enough here; test/slow/update.test.ts has all families.
const draws = 400;

it.each([
  ["y ~ x + z + city", { draws, weights: "w" }],
  ["hits | trials(trials) ~ x + city + offset(exposure)", { draws }],
  ["kind ~ x", { draws }],
])("is the fit of all rows: %s", async (formula, options) => {
  const all = simulated(700, 3);
  const before = await fit({ data: all.slice(0, 500), formula }, options);
  const updated = await before.update(all.slice(500), { draws });
  const whole = await fit({ data: all, formula }, options);
  const { mean, sd } = differences(updated, whole);
  // What the certificate promises: 0.1 sd and 5%, chance included.
  expect(checkOf(updated, "update")).toMatchObject({ passed: true });
  expect(mean).toBeLessThan(0.1);
  expect(sd).toBeLessThan(0.05);
  expect(checkOf(updated, "shift")?.passed).toBe(true);
  const about = (name: "targetMean" | "targetSd") => [updated.data[name]!, whole.data[name]!];
  expect(updated.data).toMatchObject({ rows: 700, updates: [200] });
  for (const name of ["targetMean", "targetSd"] as const) expect(about(name)[0]).toBeCloseTo(about(name)[1], 5);
  expect(updated.recipe.inputs.length).toBe(whole.recipe.inputs.length);
});

it("counts rows alike in three parts, in another order, and after bytes", async () => {
  const all = simulated(700, 5);
  const formula = "late ~ x + city";
  let parts = importFit(exportFit(await fit({ data: all.slice(0, 400), formula }, { draws })));
  const once = await parts.update(all.slice(400).reverse(), { draws });
  for (let k = 0; k < 3; k++)
    parts = importFit(exportFit(await parts.update(all.slice(400 + 100 * k, 500 + 100 * k), { draws })));
  expect(parts.data).toMatchObject({ rows: 700, updates: [100, 100, 100] });
  const { mean, sd } = differences(parts, once);
  expect(mean).toBeLessThan(0.1);
  expect(sd).toBeLessThan(0.05);
  expect(parts.carried!.parts.map(({ rows }) => rows)).toEqual([400, 100, 100, 100]);
  // An update of an update leaves rows out as a fit does: their number and their means are those of all.
  expect((await parts.loo(all)).n_data_points).toBe(700);
});

it("keeps the third derivatives: of counts with an intercept alone, differences of N e^θ", async () => {
  const y = [0, 1, 0, 2, 1, 3, 0, 1];
  const { carried } = await fit({ data: { y }, formula: "y ~ 1" }, { family: "poisson", draws });
  const [center, factor] = [carried!.center[0], carried!.factor.data[0]];
  const curvature = (theta: number) => y.length * Math.exp(theta);
  const expected = (factor ** 2 * (curvature(center + factor) - curvature(center - factor))) / 2;
  expect(carried!.thirds!.data[0] / expected).toBeCloseTo(1, 6);
});

it("is expanded where the posterior is now: counts with an intercept alone, against sums over a grid", async () => {
  const [old, rows] = [Array.from({ length: 30 }, (_, n) => (n * 7) % 3), Array.from({ length: 12 }, (_, n) => n % 5)];
  const options = { family: "poisson", sampler: "nuts" } as const;
  const updated = await (await fit({ data: { y: old }, formula: "y ~ 1" }, options)).update({ y: rows });
  const all = [...old, ...rows];
  const total = all.reduce((sum, y) => sum + y, 0);
  const grid = Array.from({ length: 4001 }, (_, k) => -2 + k / 1000);
  const density = grid.map((t) => Math.exp(total * t - all.length * Math.exp(t) - t ** 2 / 200 + 2));
  const mass = density.reduce((a, b) => a + b, 0);
  const mean = density.reduce((sum, p, k) => sum + p * grid[k], 0) / mass;
  const sd = Math.sqrt(density.reduce((sum, p, k) => sum + p * (grid[k] - mean) ** 2, 0) / mass);
  const [intercept] = updated.coefficients;
  // Four standard errors of chance in either fit; without the third derivatives these are 0.05 sd and 6%.
  expect(Math.abs(intercept.mean - mean) / sd).toBeLessThan(0.05);
  expect(Math.abs(intercept.sd / sd - 1)).toBeLessThan(0.03);
});

it("takes a single row, and says so of the same rows, of rows of other coefficients, and of rows too far away", async () => {
  const before = await fit({ data: simulated(400, 1), formula: "late ~ x" }, { draws });
  const one = await update(before, [{ x: 1, late: true }], { draws });
  expect(differences(one, before).mean).toBeLessThan(0.2);
  expect(one.certificate.verdict).toBe("ok");
  const twice = await update(before, simulated(400, 1).reverse(), { draws });
  expect(twice.certificate.notes.join()).toMatch(/^The fit already has 400 rows with the same sums/);
  const other = await update(before, simulated(400, 2, -0.5), { draws });
  expect(checkOf(other, "shift")).toMatchObject({ passed: false, slight: true });
  const far = await update(before, simulated(2000, 2, -1.5), { draws });
  expect(checkOf(far, "update")).toMatchObject({ passed: false });
  expect(far.certificate.verdict).toBe("failed");
});

it("refuses what it would count wrong", async () => {
  const rows = simulated(200, 1);
  const options = { sampler: "laplace", draws: 20 } as const;
  const before = await fit({ data: rows, formula: "late ~ x*city" }, options);
  const refused = async (given: Posterior, change: object[], option = {}) =>
    expect(given.update(change, option)).rejects;
  const [row] = rows;
  await (await refused(before, [{ ...row, city: "d" }])).toThrow(
    'city is "d" in data row 1, a level that no row of the fit has (did you mean "a", "b" or "c"?); correct it, or fit all rows together',
  );
  await (await refused(before, [{ x: 1, city: "a" }])).toThrow("lacks the columns of the target, late");
  await (await refused(before, [{ ...row, late: "perhaps" }])).toThrow('holds "perhaps" in data row 1');
  await (await refused(before, [{ ...row, x: null }])).toThrow("None of the 1 rows");
  await (await refused(before, [row], { sampler: "conjugate" })).toThrow("--sampler conjugate cannot be used here");
  await (await refused(before, [row], { prior: "normal(0, 1)" })).toThrow("There is no option prior");
  const classes = await fit({ data: rows, formula: "kind ~ x" }, options);
  await (await refused(classes, [{ ...row, kind: "s" }])).toThrow('The target is "s" in 1 row, which is none that');
  const { carried, ...old } = before;
  await expect(update(old, [row])).rejects.toThrow("it was saved by an earlier version");
  const groups = await fit({ data: rows, formula: "late ~ x + (1 | city)" }, options);
  await (await refused(groups, [row])).toThrow("A model with group terms is not updated");
  const weighted = await fit({ data: rows, formula: "late ~ x" }, { ...options, weights: "w" });
  await (await refused(weighted, [{ x: 1, late: true }])).toThrow('has no column "w"');
});
