import { describe, expect, it } from "vitest";
import { fit } from "../src/posterior/fit-inline.ts";
import { renderPosterior } from "./render.ts";

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
