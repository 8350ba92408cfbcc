import { dot, line } from "@observablehq/plot";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { congruence, type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { symmetricEigen } from "../../src/linalg/symmetric-eigen.ts";
import type { Tuning } from "../../src/options/tuning.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { type DataSet, problemOf, readDataSet, realDataSets } from "../data/data-sets.ts";
import { momentsOf, transformed } from "../measure.ts";
import { inOwnMemory, type PaperPart, type PartContext, scaled } from "../part.ts";
import { figure, inks } from "./drawing.ts";
import { ellipse } from "./ellipse.ts";

/**
 * Figure 1 of Mandt, Hoffman & Blei (2017): draws on the posterior's smallest and largest principal components, with the
 * three-sd ellipses of the posterior, of the predicted stationary law and of the draws.
 */
export const figure1: PaperPart = {
  name: "figure-1",
  summary: "draws of constant SGD and BBVI on two principal components, with ellipses of three sds",
  run,
};

const columns: readonly { label: string; sampler: string; tuning: Tuning }[] = [
  { label: "constant SGD-f", sampler: "constant-sgd", tuning: { preconditioner: "full" } },
  { label: "constant SGD-d", sampler: "constant-sgd", tuning: { preconditioner: "diagonal" } },
  { label: "constant SGD", sampler: "constant-sgd", tuning: { preconditioner: "scalar" } },
  { label: "BBVI", sampler: "mean-field", tuning: {} },
];

/** In posterior sds along the largest (x) and the smallest (y) principal component. */
interface Panel {
  readonly data: string;
  readonly method: string;
  readonly posterior: Matrix;
  readonly predicted: Matrix;
  readonly measured: Matrix;
  readonly measuredMean: Float64Array;
  readonly draws: readonly { x: number; y: number }[];
  readonly settings: unknown;
}

const drawsShown = 120;

async function run(context: PartContext) {
  const panels: Panel[] = [];
  for (const name of realDataSets) {
    panels.push(...(await panelsOf(await readDataSet(name, figure1.name, context), context)));
  }
  return {
    data: {
      title: "Draws on two principal components of the posterior, in posterior sds",
      preprocessing: "standardised",
      panels: panels.map(({ draws, posterior, predicted, measured, measuredMean, ...rest }) => ({
        ...rest,
        posterior: [...posterior.data],
        predicted: [...predicted.data],
        measured: [...measured.data],
        measuredMean: [...measuredMean],
      })),
    },
    plots: { "": plot(panels, context) },
  };
}

async function panelsOf(data: DataSet, context: PartContext): Promise<Panel[]> {
  return inOwnMemory(context, async () => {
    const local = await problemOf(data, "standardised", context);
    const axes = principalAxes(local);
    const panels: Panel[] = [];
    for (const { label, sampler: name, tuning } of columns) {
      const sampler = denseSamplers.find((candidate) => candidate.name === name);
      if (!sampler) continue;
      context.enter(`${data.name}, ${label}`);
      const batchSize = sampler.tuning.includes("batchSize") ? data.batchSize : undefined;
      const options = {
        ...tuning,
        batchSize,
        tolerance: 0.5,
        chains: 4,
        draws: scaled(150, context, 50),
        seed: context.seed,
      };
      const plan = await sampler.plan(local, options);
      const output = await plan.sample();
      const draws = transformed({ chains: output.positions, dimension: local.mode.length }, axes, local.mode);
      const { mean, covariance } = momentsOf(draws);
      panels.push({
        data: data.name,
        method: label,
        posterior: congruence(axes, local.laplaceCovariance),
        predicted: congruence(axes, plan.prediction.covariance),
        measured: covariance,
        measuredMean: mean,
        draws: evenly(draws.chains, drawsShown),
        settings: plan.settings,
      });
    }
    return panels;
  });
}

/** Rows v/√λ of the posterior covariance's largest and smallest eigenvalue. */
function principalAxes({ laplaceCovariance }: DenseApproximation): Matrix {
  const { values, vectors } = symmetricEigen(laplaceCovariance);
  const size = laplaceCovariance.rows;
  const axes = matrix(2, size);
  [size - 1, 0].forEach((k, row) => {
    for (let j = 0; j < size; j++) axes.data[row * size + j] = vectors.data[j * size + k] / Math.sqrt(values[k]);
  });
  return axes;
}

function evenly(chains: readonly Float64Array[], wanted: number): { x: number; y: number }[] {
  const all = chains.flatMap((values) =>
    Array.from({ length: values.length / 2 }, (_, n) => ({ x: values[2 * n], y: values[2 * n + 1] })),
  );
  const step = Math.max(1, Math.floor(all.length / wanted));
  return all.filter((_, n) => n % step === 0).slice(0, wanted);
}

function plot(panels: readonly Panel[], { seed }: PartContext) {
  const of = (panel: Panel) => ({ data: panel.data, method: panel.method });
  const points = panels.flatMap((panel) => panel.draws.map((draw) => ({ ...draw, ...of(panel) })));
  const outlines = (pick: (panel: Panel) => { x: number; y: number }[]) =>
    panels.flatMap((panel) =>
      pick(panel).map((point) => ({ ...point, ...of(panel), z: `${panel.data}${panel.method}` })),
    );
  const origin = [0, 0];
  const channels = { x: "x", y: "y", z: "z", fx: "method", fy: "data" } as const;
  const methods = columns.map(({ label }) => label).filter((label) => panels.some((panel) => panel.method === label));
  return figure(
    {
      title: "Figure 1: constant SGD and the posterior",
      caption: `Features standardised, no intercept, prior precision 1, σ = 1; S = 100 (wine, protein) and 10,000 (skin); ${drawsShown} of the draws are shown. Ellipses of 3 sds. Seed ${seed}.`,
      x: "largest principal component, posterior sds",
      y: "smallest principal component, posterior sds",
      legend: [
        { label: "draws", ink: inks.draws, symbol: "circle" },
        { label: "posterior (Laplace)", ink: inks.posterior, symbol: "line" },
        { label: "measured", ink: inks.measured, symbol: "line" },
        { label: "predicted", ink: inks.predicted, symbol: "dashes" },
      ],
    },
    {
      height: 760,
      marginRight: 60,
      fx: { domain: methods, label: null },
      fy: { domain: [...realDataSets], label: null },
      x: { grid: true, domain: [-4.2, 4.2], ticks: 5 },
      y: { grid: true },
      marks: [
        dot(points, { x: "x", y: "y", fx: "method", fy: "data", r: 1.4, fill: inks.draws, fillOpacity: 0.8 }),
        line(
          outlines((panel) => ellipse(panel.posterior, origin, 3)),
          { ...channels, stroke: inks.posterior, strokeWidth: 1.8 },
        ),
        line(
          outlines((panel) => ellipse(panel.measured, panel.measuredMean, 3)),
          { ...channels, stroke: inks.measured, strokeWidth: 3 },
        ),
        line(
          outlines((panel) => ellipse(panel.predicted, origin, 3)),
          { ...channels, stroke: inks.predicted, strokeWidth: 1.5, strokeDasharray: "4,3" },
        ),
      ],
    },
  );
}
