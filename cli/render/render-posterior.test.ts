import { describe, expect, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import { renderPosterior } from "./render-posterior.ts";
import { decimalsWithin, roundedTo } from "./table.ts";

const x = Array.from({ length: 200 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => 1 + 2 * value + Math.cos(7.3 * n * n));
const posterior = await fit({ data: { "a rather long name of a column": x, y }, formula: "y ~ ." }, { draws: 100 });

describe("the report of a fit", () => {
  it.each([40, 60, 80, 120])(
    "fits a terminal of %i columns, and keeps both ends of an interval or neither",
    (width) => {
      const text = renderPosterior(posterior, { width, color: false });
      const table = text.split("\n\n")[1].split("\n");
      for (const line of table) expect(line.length).toBeLessThanOrEqual(width);
      expect(table[0]).toMatch(/mean/);
      expect(table[0].includes("hdi_3%")).toBe(table[0].includes("hdi_97%"));
      expect(
        text
          .split("\n")
          .filter((line) => line.startsWith("  ✓"))
          .every((line) => line.length <= width),
      ).toBe(true);
    },
  );

  it.each([50, 80, 140])("puts the coefficients of a class under its name, in %i columns", async (width) => {
    const kind = x.map((_, n) => ["first", "second", "third"][n % 3]);
    const z = x.map((value, n) => value * Math.cos(n));
    const data = { kind, "a rather long name": x, "a rather long name indeed": z };
    const classes = await fit({ data, formula: "kind ~ ." }, { draws: 100, sampler: "laplace" });
    const lines = renderPosterior(classes, { width, color: false }).split("\n\n")[1].split("\n");
    expect(lines.map((line) => line.slice(0, 8).trimEnd())).toEqual([
      "",
      "kind[sec",
      ...["  a rath", "  a rath", "  Interc"],
      "kind[thi",
      ...["  a rath", "  a rath", "  Interc"],
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines[1]).toBe("kind[second]");
  });

  it("names every column of ArviZ's summary where there is room", () => {
    const header = renderPosterior(posterior, { width: 140, color: false }).split("\n\n")[1].split("\n")[0];
    expect(header.trim().split(/\s+/)).toEqual([
      "mean",
      "sd",
      "hdi_3%",
      "hdi_97%",
      "mcse_mean",
      "ess_bulk",
      "ess_tail",
      "r_hat",
    ]);
  });
});

describe("digits within a Monte Carlo error", () => {
  it.each([
    [0.0177, 2, -1.8234, "-1.82"],
    [0.049, 2, -1.8234, "-1.82"],
    [0.051, 1, -1.8234, "-1.8"],
    [0.6, 0, 12.34, "12"],
    [6, -1, 1234.5, "1230"],
    [3e-5, 5, 0.123456, "0.12346"],
  ])("%f: %i decimals", (error, decimals, value, text) => {
    expect(decimalsWithin(error)).toBe(decimals);
    expect(roundedTo(value, decimals)).toBe(text);
  });

  it("are not limited where there is no error, or none is known", () => {
    for (const error of [0, null, undefined]) expect(decimalsWithin(error)).toBe(Number.POSITIVE_INFINITY);
  });
});
