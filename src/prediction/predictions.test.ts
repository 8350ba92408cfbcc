import { describe, expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { tableFromColumns } from "../table/table.ts";
import { predictStream } from "./predict.ts";
import type { ModelRecipe, PredictiveFit } from "./predictive-fit.ts";
import type { ClassScores, NumberScores } from "./scores.ts";

// Posteriors that are known exactly, so that predictions have to come out as theory says.
const numDraws = 1000;
const random = createRandom(11, 0, 1);
const normals = () => Float64Array.from({ length: numDraws }, () => random.normal());

function recipe(parts: Pick<ModelRecipe, "family" | "target"> & Partial<ModelRecipe>): ModelRecipe {
  return {
    version: 2,
    formula: "y ~ x",
    terms: "y ~ 1 + x",
    hasIntercept: true,
    hasOffset: false,
    columns: [
      { name: "x", term: "x" },
      { name: "Intercept", term: "Intercept" },
    ],
    blocks: [{ term: "x", coding: [], columns: [{ levels: [], column: 0 }] }],
    levels: {},
    polynomials: {},
    inputs: [
      { name: "x", type: "number" },
      { name: "y", type: parts.target.kind === "number" ? "number" : "string" },
    ],
    hasReference: false,
    fixed: {},
    ...parts,
  };
}

/** x ~ N(2, 0.3²) and intercept ~ N(−1, 0.4²), independent. */
const slopes = normals().map((z) => 2 + 0.3 * z);
const intercepts = normals().map((z) => -1 + 0.4 * z);
const coefficients: [string, Float64Array[]][] = [
  ["x", [slopes]],
  ["Intercept", [intercepts]],
];
const numberTarget = { name: "y", kind: "number", mean: 0, scale: 1 } as const;
const gaussian: PredictiveFit = {
  recipe: recipe({ family: "gaussian", target: numberTarget, fixed: { sigma: 0.7 } }),
  draws: new Map(coefficients),
};

async function predictAll(fit: PredictiveFit, table: Parameters<typeof tableFromColumns>[0], options = {}) {
  const stream = predictStream(fit, tableFromColumns(table), options);
  const chunks = [];
  for await (const chunk of stream.chunks()) chunks.push(chunk);
  return { columns: chunks[0].columns, chunks, ...stream.summary() };
}

const numRows = 2000;
const xs = Float64Array.from({ length: numRows }, () => random.normal());
/** Targets of one draw of the coefficients: what a calibrated prediction expects. */
const targetsOf = (draw: (eta: number) => number) => xs.map((x) => draw(-1 + 2 * x));

describe("predictions of a known posterior", () => {
  it("have the mean, sd and intervals of the normal law that they follow", async () => {
    const { columns } = await predictAll(gaussian, { x: [1.5] }, { interval: 0.9 });
    const sd = Math.hypot(0.3 * 1.5, 0.4);
    const predictive = Math.hypot(sd, 0.7);
    // Monte Carlo: sd/√S for the mean, sd/√(2S) for the sd, 2.1 sd/√S for a quantile of 5 %; four of each.
    const off = (name: string, value: number) => Math.abs(Number(columns[name][0]) - value) * Math.sqrt(numDraws);
    expect(off("mean", 2)).toBeLessThan(4 * sd);
    expect(off("sd", sd)).toBeLessThan((4 * sd) / Math.SQRT2);
    expect(off("mean_low", 2 - 1.645 * sd)).toBeLessThan(4 * 2.1 * sd);
    expect(off("mean_high", 2 + 1.645 * sd)).toBeLessThan(4 * 2.1 * sd);
    expect(off("predictive_low", 2 - 1.645 * predictive)).toBeLessThan(4 * 2.1 * predictive);
    expect(off("predictive_high", 2 + 1.645 * predictive)).toBeLessThan(4 * 2.1 * predictive);
  });

  it("score targets by the normal law's density, and cover as many as they say", async () => {
    const narrow: PredictiveFit = {
      recipe: gaussian.recipe,
      draws: new Map([
        ["x", [new Float64Array(400).fill(2)]],
        ["Intercept", [new Float64Array(400).fill(-1)]],
      ]),
    };
    const y = targetsOf((eta) => eta + 0.7 * random.normal());
    const { scores } = await predictAll(narrow, { x: xs, y });
    const { logScore, logScoreError, rmse, mae, coverage, pitHistogram, checks } = scores as NumberScores &
      typeof scores & {};
    const errors = y.map((value, n) => value - (-1 + 2 * xs[n]));
    const logs = errors.map((error) => -0.5 * (error / 0.7) ** 2 - Math.log(0.7 * Math.sqrt(2 * Math.PI)));
    const average = (values: Float64Array) => values.reduce((a, b) => a + b) / numRows;
    expect(logScore).toBeCloseTo(average(logs), 10);
    const variance = average(logs.map((value) => (value - average(logs)) ** 2)) * (numRows / (numRows - 1));
    expect(logScoreError).toBeCloseTo(Math.sqrt(variance / numRows), 10);
    expect(rmse).toBeCloseTo(Math.sqrt(average(errors.map((error) => error ** 2))), 10);
    expect(mae).toBeCloseTo(average(errors.map(Math.abs)), 10);
    for (const { level, observed } of coverage)
      expect(Math.abs(observed - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / numRows) + 0.005);
    for (const share of pitHistogram) expect(Math.abs(share - 0.1)).toBeLessThan(4.5 * Math.sqrt(0.09 / numRows));
    for (const { pValue } of checks) expect(Math.abs(pValue - 0.5)).toBeLessThan(0.499);
  });

  it("checks tell noise of another size, and zeros that a Poisson law does not make", async () => {
    const y = targetsOf((eta) => eta + 1.4 * random.normal());
    const { scores } = await predictAll(gaussian, { x: xs, y });
    const { coverage } = scores as NumberScores;
    expect(coverage[2].observed).toBeLessThan(0.8);
    const poisson: PredictiveFit = {
      recipe: recipe({ family: "poisson", target: numberTarget }),
      draws: new Map([
        ["x", [slopes.map(() => 0)]],
        ["Intercept", [slopes.map(() => 1)]],
      ]),
    };
    const counts = xs.map((x, n) => (x < 0 ? 0 : 5 + (n % 2)));
    const checked = await predictAll(poisson, { x: xs, y: counts });
    const zeros = checked.scores!.checks.find(({ statistic }) => statistic === "share of zeros")!;
    expect(zeros.observed).toBeCloseTo(counts.filter((count) => count === 0).length / numRows, 12);
    // e^(−e) of a Poisson law of mean e.
    expect(Math.abs(zeros.replicated - Math.exp(-Math.E))).toBeLessThan(0.001);
    expect(zeros.pValue).toBe(0);
  });

  it("of counts rank ties at random, so that calibrated ones look so", async () => {
    const { drawPoisson } = await import("../rng/variates.ts");
    const poisson: PredictiveFit = {
      recipe: recipe({ family: "poisson", target: numberTarget }),
      draws: new Map([
        ["x", [slopes.map(() => 0.5)]],
        ["Intercept", [slopes.map(() => 0.2)]],
      ]),
    };
    const y = xs.map((x) => drawPoisson(random, Math.exp(0.2 + 0.5 * x)));
    const { pitHistogram } = (await predictAll(poisson, { x: xs, y })).scores as NumberScores;
    for (const share of pitHistogram) expect(Math.abs(share - 0.1)).toBeLessThan(4.5 * Math.sqrt(0.09 / numRows));
    const odd = await predictAll(poisson, { x: [1, 1], y: [1.5, 2] });
    expect(odd.scores!.rows).toBe(1);
    expect(odd.warnings).toEqual([
      '1 row left out of the scores: a count is a whole number of at least 0, and it is "1.5".',
    ]);
  });

  it("of events give the posterior's mean probability, and scores of it", async () => {
    const target = { name: "y = yes", kind: "binary", mean: 0, scale: 1, levels: ["no", "yes"] } as const;
    const fit = { recipe: recipe({ family: "bernoulli", target }), draws: new Map(coefficients) };
    const y = Array.from(xs, (x) => (random.uniform() < 1 / (1 + Math.exp(1 - 2 * x)) ? "yes" : "no"));
    const { columns, scores } = await predictAll(fit, { x: xs, y });
    const probability = columns.probability as Float64Array;
    const expected = slopes.map((slope, s) => 1 / (1 + Math.exp(-intercepts[s] - slope * xs[3])));
    expect(probability[3]).toBeCloseTo(expected.reduce((a, b) => a + b) / numDraws, 12);
    const { brier, accuracy, logScore } = scores as ClassScores;
    const average = (value: (p: number, isEvent: boolean) => number) =>
      y.reduce((sum, label, n) => sum + value(probability[n], label === "yes"), 0) / numRows;
    expect(brier).toBeCloseTo(
      average((p, isEvent) => (p - Number(isEvent)) ** 2),
      12,
    );
    expect(accuracy).toBeCloseTo(
      average((p, isEvent) => Number(p > 0.5 === isEvent)),
      12,
    );
    expect(logScore).toBeCloseTo(
      average((p, isEvent) => Math.log(isEvent ? p : 1 - p)),
      8,
    );
  });

  it("score events of vanishing probability by its logarithm, not by what rounding leaves", async () => {
    const target = { name: "y = yes", kind: "binary", mean: 0, scale: 1, levels: ["no", "yes"] } as const;
    const fit: PredictiveFit = {
      recipe: recipe({ family: "bernoulli", target }),
      draws: new Map([
        ["x", [new Float64Array(8).fill(1)]],
        ["Intercept", [new Float64Array(8)]],
      ]),
    };
    const { scores } = await predictAll(fit, { x: [60, 60], y: ["no", "no"] });
    expect(scores!.logScore).toBeCloseTo(-60, 10);
  });

  it("leave out classes that the fit does not know, and say so", async () => {
    const target = { name: "y = yes", kind: "binary", mean: 0, scale: 1, levels: ["no", "yes"] } as const;
    const fit = { recipe: recipe({ family: "bernoulli", target }), draws: new Map(coefficients) };
    const { scores, warnings } = await predictAll(fit, { x: [0, 0, 1], y: ["yes", "maybe", null] });
    expect(scores!.rows).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/^1 row left out of the scores: the fit knows no class "maybe"/)]);
  });

  it("hold no more than a chunk at a time", async () => {
    const { chunks } = await predictAll(gaussian, { x: new Float64Array(9000) }, { posteriorDraws: 10 });
    expect(chunks.map((chunk) => chunk.numRows)).toEqual([4096, 4096, 808]);
  });

  it("refuse a recipe of another version, and a fit without draws", () => {
    const source = tableFromColumns({ x: [1] });
    const other = { ...gaussian, recipe: { ...gaussian.recipe, version: 1 } as unknown as ModelRecipe };
    expect(() => predictStream(other, source)).toThrow(/another version/);
    expect(() => predictStream({ ...gaussian, draws: new Map([coefficients[0]]) }, source)).toThrow(
      /no draws of Intercept/,
    );
  });
});
