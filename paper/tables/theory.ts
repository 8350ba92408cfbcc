import { line, type PlotOptions, ruleY } from "@observablehq/plot";
import { invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { dot, identity, type Matrix, matrixFromRows, multiplyVector, scale } from "../../src/linalg/matrix.ts";
import { symmetricEigen } from "../../src/linalg/symmetric-eigen.ts";
import * as averaging from "../../src/theory/averaging.ts";
import { gaussianKl, klToPosterior } from "../../src/theory/divergence.ts";
import * as fisher from "../../src/theory/fisher-scoring.ts";
import { type NoiseAndCurvature, reverseKlLearningRate, scalarLearningRate } from "../../src/theory/optimal.ts";
import { continuousStationaryCovariance, discreteStationaryCovariance } from "../../src/theory/stationary.ts";
import { figure, inks } from "../figures/drawing.ts";
import { markdownTable, nats } from "../markdown.ts";
import type { PaperPart } from "../part.ts";

/** The paper's formulas that no sampler needs, each beside what it is derived from, for one example of three parameters. */
export const theory: PaperPart = {
  name: "theory",
  summary: "the paper's formulas for an example: both divergences, Fisher scoring, averages of finite windows",
  run: async () => {
    const divergences = divergenceRows();
    const windows = windowRows();
    return {
      data: { title: "The paper's formulas for an example", numRows, batchSize, divergences, windows },
      plots: { "": plot(windows) },
      markdown: `${divergenceTable(divergences)}\n\n${windowTable(windows)}`,
    };
  },
};

const numRows = 10_000;
const batchSize = 10;
const hessian = matrixFromRows([
  [1, 0.3, 0],
  [0.3, 0.5, 0.1],
  [0, 0.1, 0.2],
]);
/** Of a model that is wrong: C is not A, and does not commute with it. */
const noiseCovariance = matrixFromRows([
  [1.4, 0.1, 0.1],
  [0.1, 0.4, 0],
  [0.1, 0, 0.5],
]);
const wrong: NoiseAndCurvature = { hessian, noiseCovariance, numRows, batchSize };
const wellSpecified: NoiseAndCurvature = { ...wrong, noiseCovariance: hessian };
const posterior = scale(invertPositiveDefinite(hessian), 1 / numRows);

interface DivergenceRow {
  readonly setting: string;
  readonly model: "C = A" | "C ≠ A";
  /** KL(q‖f), by the formula and from the two laws. */
  readonly formula: number;
  readonly ofLaws: number;
  /** KL(f‖q) */
  readonly reverse: number;
}

/** The least of both divergences (Theorem 1, appendix C), and those of Fisher scoring (appendix E), in continuous time. */
function divergenceRows(): DivergenceRow[] {
  return (
    [
      ["C = A", wellSpecified],
      ["C ≠ A", wrong],
    ] as const
  ).flatMap(([model, given]) => {
    const rowOf = (setting: string, covariance: Matrix, formula: number): DivergenceRow => {
      const [q, f] = [covariance, posterior].map((own) => ({ mean: [0, 0, 0], covariance: own }));
      return { setting, model, formula, ofLaws: gaussianKl(q, f), reverse: gaussianKl(f, q) };
    };
    const ofRate = (setting: string, rate: number) => {
      const covariance = continuousStationaryCovariance({ ...given, preconditioner: identity(3, rate) });
      return rowOf(setting, covariance, klToPosterior(covariance, hessian, numRows));
    };
    const scoring = { ...given, learningRate: 1, injectedNoise: scale(given.noiseCovariance, 1 / batchSize) };
    const ofStep = (setting: string, step: Matrix) => {
      const covariance = continuousStationaryCovariance(fisher.fisherScoringAsSgd(scoring, step));
      return rowOf(setting, covariance, fisher.fisherScoringKl(scoring, step));
    };
    return [
      ofRate("constant SGD, Theorem 1", scalarLearningRate(given)),
      ofRate("constant SGD, appendix C", reverseKlLearningRate(given)),
      ofStep("SGFS-d, Corollary 6", fisher.diagonalFisherPreconditioner(scoring)),
      ofStep("SGFS-f, Theorem 5", fisher.fullFisherPreconditioner(scoring)),
    ];
  });
}

/** ε, of which ε λ is the rate of the slowest direction. */
const learningRate = 0.02;

interface WindowRow {
  readonly steps: number;
  /** The variance of a window's mean along the slowest direction, over what it is for long windows. */
  readonly atFiniteStep: number;
  readonly continuous: number;
  readonly bound: number;
}

/** Averages over windows of a well-specified model: section 6.2 and appendix G. */
function windowRows(): WindowRow[] {
  const sgd = { ...wellSpecified, preconditioner: identity(3, learningRate) };
  const { values, vectors } = symmetricEigen(hessian);
  const slowest = [0, 3, 6].map((index) => vectors.data[index]);
  const along = (covariance: Matrix) => dot(slowest, multiplyVector(covariance, slowest));
  return [10, 30, 100, 300, 1000, 3000, 10_000, 30_000].map((steps) => {
    const limit = along(averaging.polyakCovariance(sgd, steps));
    return {
      steps,
      atFiniteStep: along(averaging.averagedCovariance(sgd, discreteStationaryCovariance(sgd), steps)) / limit,
      continuous:
        along(averaging.continuousAveragedCovariance(sgd, continuousStationaryCovariance(sgd), steps)) / limit,
      bound: 1 + averaging.finiteWindowError(learningRate * values[0], steps),
    };
  });
}

function divergenceTable(rows: readonly DivergenceRow[]): string {
  const head = ["setting", "model", "KL(q‖f) by the formula", "of the two laws", "KL(f‖q)"];
  return markdownTable(
    head,
    rows.map(({ setting, model, formula, ofLaws, reverse }) => [
      setting,
      model,
      ...[formula, ofLaws, reverse].map(nats),
    ]),
  );
}

function windowTable(rows: readonly WindowRow[]): string {
  return markdownTable(
    ["steps a window", "at the finite step", "continuous time", "the paper's bound"],
    rows.map(({ steps, atFiniteStep, continuous, bound }) => [
      steps.toLocaleString("en"),
      ...[atFiniteStep, continuous, bound].map((value) => value.toFixed(4)),
    ]),
  );
}

function plot(rows: readonly WindowRow[]): PlotOptions {
  return figure(
    {
      title: "Variance of the mean of a window along the slowest direction",
      caption: `Over that of long windows, (1/(TS)) A⁻¹CA⁻¹. Three parameters, C = A, N = ${numRows.toLocaleString("en")}, S = ${batchSize}, ε = ${learningRate}.`,
      x: "steps a window, T",
      y: "share of the limit",
      legend: [
        { label: "at the finite step", ink: inks.measured, symbol: "line" },
        { label: "continuous time, eq. 50", ink: inks.predicted, symbol: "dashes" },
      ],
    },
    {
      height: 420,
      x: { type: "log" },
      marks: [
        ruleY([1], { stroke: inks.faint }),
        line(rows, { x: "steps", y: "atFiniteStep", stroke: inks.measured }),
        line(rows, { x: "steps", y: "continuous", stroke: inks.predicted, strokeDasharray: "4 3" }),
      ],
    },
  );
}
