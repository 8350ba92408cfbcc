import { describe, expect, it } from "vitest";
import { fit } from "../fit/fit-inline.ts";
import type { FitOptions } from "../options/options.ts";

const x = Array.from({ length: 60 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => 1 + 2 * value + Math.cos(7.3 * n * n));
const quick = { sampler: "laplace", chains: 2, draws: 100 };

const refused = (data: Record<string, number[]>, formula: string, options: FitOptions = {}) =>
  expect(fit({ data, formula }, { ...quick, ...options })).rejects;

describe("numbers beyond the arithmetic", () => {
  it.each([1e150, 1e200, 1e307])("columns and targets × %d overflow, and are refused by name", async (size) => {
    const large = x.map((value) => size * value);
    await refused({ x: large, y }, "y ~ x").toThrow(/^The column x has values too large .* divide it/);
    await refused({ x, y: large }, "y ~ x").toThrow(/^The target y has values too large/);
    await refused({ x, y, z: large }, "y ~ x + offset(z)").toThrow(/^The offset is up to/);
  });

  it.each([1e-150, 1e-300, 1e-320])("columns and targets × %d vanish, and are not called constant", async (size) => {
    const small = x.map((value) => size * value);
    await refused({ x: small, y }, "y ~ x").toThrow(/^The column x has values too small .* multiply it/);
    await refused({ x, y: small }, "y ~ x").toThrow(/^The target y has values too small/);
    // Of mean 0 to the last digit.
    const even = x.map((_, n) => (n % 2 ? size : -size));
    await refused({ x: even, y }, "y ~ x").toThrow(/^The column x has values too small/);
  });

  it.each([1e-100, 1e-20, 1e20, 1e100])("columns and targets × %d are fitted, and scale as they must", async (size) => {
    const run = async (data: Record<string, number[]>) => (await fit({ data, formula: "y ~ x" }, quick)).coefficients;
    const [slope] = await run({ x, y });
    const [wide] = await run({ x: x.map((value) => size * value), y });
    const [tall] = await run({ x, y: y.map((value) => size * value) });
    for (const [found, factor] of [
      [wide, 1 / size],
      [tall, size],
    ] as const) {
      expect(found.mean / factor / slope.mean).toBeCloseTo(1, 6);
      expect(found.sd / factor / slope.sd).toBeCloseTo(1, 6);
    }
  });

  it.each([1e6, 1e12])("columns + %d keep the digits that they have", async (shift) => {
    const [slope] = (await fit({ data: { x, y }, formula: "y ~ x" }, quick)).coefficients;
    const data = { x: x.map((value) => value + shift), y };
    const [moved, intercept] = (await fit({ data, formula: "y ~ x" }, quick)).coefficients;
    // Double precision keeps 1e-4 of a value beside 1e12.
    expect(Math.abs(moved.mean - slope.mean) / slope.sd).toBeLessThan(1e-2);
    expect(moved.sd / slope.sd).toBeCloseTo(1, 3);
    expect(intercept.mean / (-shift * moved.mean)).toBeCloseTo(1, 4);
  });

  it("columns that are not standardised have to be held by single precision", async () => {
    const large = x.map((value) => 1e20 * value);
    await refused({ x: large, y }, "y ~ x", { standardize: "none" }).toThrow(/leave --standardize none out/);
  });

  it("weights are refused where a row counts for all, or all for nothing", async () => {
    const weighted = (w: number[]) => refused({ x, y, w }, "y ~ x", { weights: "w" });
    await weighted(x.map((_, n) => (n === 5 ? 1e20 : 1))).toThrow(
      /^The weight w is 100000000000000000000 in data row 6/,
    );
    await weighted(x.map(() => 1e-30)).toThrow(/^The weights sum to 6\.0e-29/);
    await weighted(x.map(() => (9e10 / 60) * 100)).toThrow(/^The weight w is/);
  });

  it.each([
    [{ prior: "normal(0, 1e-300)" }, /^prior cannot have the sd 1e-300: it takes a number from/],
    [{ prior: "student-t(1e300, 0, 1)" }, /^prior cannot have the degrees/],
    [{ interceptPrior: { mean: 1e300, sd: 1 } }, /^interceptPrior cannot have the mean/],
    [{ sigmaPrior: "exponential(1e300)" }, /^sigmaPrior cannot have the rate/],
    [{ sigma: 1e300 }, /^The option sigma cannot be 1e\+?300: it takes/],
    [{ sigma: 1e-9 }, /^--sigma 1\.00e-9 is less than the rounding of y/],
    [{ family: "student-t", nu: 1e200 }, /^The option nu cannot be 1e\+?200: it takes/],
    [{ family: "negative-binomial", dispersion: 1e300 }, /^The option dispersion cannot be 1e\+?300: it takes/],
  ] as const)("options %j are refused by name", (options, sentence) =>
    refused({ x, y }, "y ~ x", options).toThrow(sentence),
  );

  it("an overflow is not said to be a fit without noise", async () => {
    const counts = x.map((_, n) => n % 4);
    const z = x.map((_, n) => (n === 3 ? 1000 : 0));
    await refused({ x, y: counts, z }, "y ~ x + offset(z)", { family: "poisson" }).toThrow(
      /^The sums over the rows overflow/,
    );
  });
});
