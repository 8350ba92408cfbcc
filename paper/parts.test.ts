import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../src/engine/engine.ts";
import { plotSvg } from "../src/plots/svg.ts";
import { createRandom } from "../src/rng/xoshiro.ts";
import { figure6Plot } from "./figures/figure-6-part.ts";
import { parts } from "./parts.ts";
import { runPart } from "./run-part.ts";

// Every part runs, at a small share of its effort, on tables of the real files' shape with numbers made up.
const folder = mkdtempSync(join(tmpdir(), "ornstein-paper-"));
let engine: Engine;

function table(numRows: number, numColumns: number, target: (row: number[], noise: number) => number): number[][] {
  const random = createRandom(5, 0, 20);
  return Array.from({ length: numRows }, () => {
    const row = Array.from({ length: numColumns }, () => 3 + random.normal());
    return [...row, target(row, random.normal())];
  });
}

beforeAll(async () => {
  for (const name of ["wine", "skin", "casp"]) mkdirSync(join(folder, name));
  const text = (rows: number[][], separator: string) => rows.map((row) => row.join(separator)).join("\n");
  const wine = table(600, 11, (row, noise) => Math.round(6 + row[0] - row[1] + noise));
  const wineNames = [...Array.from({ length: 11 }, (_, j) => `"property ${j + 1}"`), '"quality"'];
  writeFileSync(join(folder, "wine/winequality-white.csv"), `${wineNames.join(";")}\n${text(wine, ";")}\n`);
  const protein = table(600, 9, (row, noise) => row[0] + noise).map((row) => [row[9], ...row.slice(0, 9)]);
  writeFileSync(join(folder, "casp/CASP.csv"), `RMSD,F1,F2,F3,F4,F5,F6,F7,F8,F9\n${text(protein, ",")}\n`);
  const skin = table(600, 3, (row, noise) => (row[0] - row[1] + noise > 0 ? 1 : 2));
  writeFileSync(join(folder, "skin/Skin_NonSkin.txt"), `${text(skin, "\t")}\n`);
  engine = await createInlineEngine();
});

afterAll(async () => {
  await engine.executor.close();
  rmSync(folder, { recursive: true });
});

// Figure 6 reads images and a Parquet file; its plot has a test of its own.
describe.each(parts.filter(({ name }) => name !== "figure-6").map((part) => [part.name, part] as const))(
  "%s",
  (_name, part) => {
    it("makes JSON without gaps and SVG files that parse", async () => {
      const { result } = await runPart(part, { dataFolder: folder, engine, effort: 0.02 });
      const json = JSON.parse(JSON.stringify(result.data));
      expect(json.title).toMatch(/\w/);
      expect(json.seed).toBe(1);
      expect(Object.keys(result.plots)).toContain("");
      for (const plot of Object.values(result.plots)) {
        const svg = await plotSvg(plot);
        expect(svg.length).toBeLessThan(200_000);
        expect(svg).not.toMatch(/NaN|undefined|Infinity/);
        const { document } = parseHTML(svg);
        expect(document.querySelector("svg")?.getAttribute("width")).toBe("700");
        expect(document.querySelectorAll("text").length).toBeGreaterThan(5);
      }
    }, 300_000);
  },
);

it("has the formulas of the paper agree with what they are derived from", async () => {
  const [theory] = parts.filter(({ name }) => name === "theory");
  const { result } = await runPart(theory, { dataFolder: "nowhere", engine });
  const { divergences, windows } = result.data as Record<string, readonly Record<string, number>[]>;
  expect(divergences.length).toBe(8);
  for (const { formula, ofLaws } of divergences) expect(formula).toBeCloseTo(ofLaws, 12);
  expect(windows.length).toBe(8);
  for (const { continuous, bound } of windows) expect(continuous).toBeCloseTo(bound, 12);
});

it("draws Figure 6", async () => {
  const at = (precision: number, validationLoss: number) => ({ precision, validationLoss });
  const settled = { trainingLoss: 0.2, passes: 9, converged: true };
  const grid = [at(0.1, 0.35), at(1, 0.3), at(10, 0.32)].map((point) => ({ ...point, ...settled }));
  const learned = { ...at(2, 0.301), error: 0.02, converged: true, aboveBest: 0.003, trace: [], seconds: 1 };
  const rows = { trainingRows: 100, validationRows: 20, parameters: 30, seconds: 2 };
  const svg = await plotSvg(figure6Plot([{ dataSet: "MNIST", ...rows, grid, learned }], 1));
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(svg).toMatch(/MNIST/);
});

it("names the part and the file that is absent", async () => {
  const [part] = parts.filter(({ name }) => name === "figure-2");
  await expect(runPart(part, { dataFolder: "nowhere", engine })).rejects.toThrow(
    /^figure-2 needs "nowhere.wine.winequality-white.csv", which is absent/,
  );
});
