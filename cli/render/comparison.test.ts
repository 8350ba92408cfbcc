import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import type { Comparison, SamplerComparison } from "../../src/fit/comparison/comparison.ts";
import { placeLabels } from "./place-labels.ts";
import { plotComparison } from "./plot-comparison.ts";
import { renderComparison, titleOf } from "./render-comparison.ts";

function row(sampler: string, seconds: number | null, error: number | null, more = {}): SamplerComparison {
  return {
    sampler,
    preconditioner: null,
    settings: seconds === null ? null : ({ sampler } as SamplerComparison["settings"]),
    kl: { laplacePredicted: 0.5, laplaceMeasured: 12_345, reference: error },
    worstSdError: error,
    worstMeanError: error,
    byChance:
      seconds === null ? null : { klLaplace: 0.01, klReference: 0.01, worstSdError: 0.01, worstMeanError: 0.01 },
    seconds,
    passes: 1000,
    ess: 100,
    essPerSecond: 12_345,
    verdict: seconds === null ? null : "ok",
    ...more,
  };
}

const comparison: Comparison = {
  data: { rows: 581_012, droppedRows: 3, columns: 55, target: "y" },
  family: "bernoulli",
  formula: "y ~ .",
  reference: { sampler: "nuts", rows: 4096, ess: 9000, klFloor: 0.0886 },
  samplers: [
    ...["scalar", "diagonal", "sqrt-diagonal", "full", "full-exact"].map((preconditioner, k) =>
      row("constant-sgd", 2 + 0.01 * k, 0.3, { preconditioner }),
    ),
    row("near", 1, 0.011),
    row("exact", 0.003, 0, { byChance: { klLaplace: 0, klReference: 0, worstSdError: 0, worstMeanError: 0 } }),
    row("refused", null, null, { message: "it needs another family" }),
  ],
  warnings: [],
  timing: { load: 1, estimate: 2, reference: 3, samplers: 4, total: 10 },
};

describe("the report of a comparison", () => {
  it.each([60, 80, 160])("fits a terminal of %i columns, every name whole, errors and times kept", (width) => {
    const text = renderComparison(comparison, { width, color: false });
    const table = text.split("\n\n")[1].split("\n");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    expect(table[0]).toMatch(/sd error +mean error/);
    expect(table[0]).toMatch(/seconds/);
    for (const line of comparison.samplers) expect(text).toContain(titleOf(line));
    expect(text).toMatch(/refused: it needs another family/);
    expect(text).toMatch(/4,096\s+of\s+the\s+581,012\s+rows/);
  });

  it("marks an error of at most twice what Monte Carlo makes, and no exact one", () => {
    const text = renderComparison(comparison, { width: 160, color: false });
    expect(text).toMatch(/near .* ~1\.1% +~0\.011 /);
    expect(text).toMatch(/constant-sgd scalar .* 30% +0\.3 /);
    expect(text).toMatch(/exact +0\.5 +12,345 +0 +0% +0 /);
  });
});

describe("the plot of a comparison", () => {
  it("names every sampler, at its dot or among those not shown", async () => {
    const { document } = parseHTML(await plotComparison(comparison));
    const texts = [...document.querySelectorAll("text")].map((text) => text.textContent);
    for (const line of comparison.samplers) expect(texts.join("|")).toContain(titleOf(line));
    expect(texts).toContain("Not shown: refused");
    expect(document.querySelectorAll("circle")).toHaveLength(7);
  });

  it("puts no name over another, though the dots are close together", () => {
    const dots = Array.from({ length: 12 }, (_, k) => ({ x: 300 + 3 * k, y: 200 + 2 * k }));
    const names = dots.map((_, k) => `sampler number ${k}`);
    const labels = placeLabels(dots, names, { frame: { left: 0, right: 860, top: 0, bottom: 500 }, fontSize: 11 });
    const boxes = labels.map(({ anchor, x, y }, k) => {
      const width = 0.56 * 11 * names[k].length;
      const left = x - { start: 0, middle: width / 2, end: width }[anchor];
      return { left, right: left + width, top: y - 6, bottom: y + 6 };
    });
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(0, i))
        expect(a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom).toBe(true);
    });
  });
});
