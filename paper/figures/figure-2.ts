import { axisX, axisY, cell, dot, line, type PlotOptions, ruleX } from "@observablehq/plot";
import { bulkEffectiveSampleSize } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import type { Matrix } from "../../src/linalg/matrix.ts";
import { constantSgd } from "../../src/sampling/algorithms/constant-sgd.ts";
import { continuousCovariance } from "../continuous.ts";
import { problemOf, readDataSet } from "../data/data-sets.ts";
import { byCoordinate, momentsOf } from "../measure.ts";
import { type PaperPart, type PartContext, scaled } from "../part.ts";
import { figure, inks } from "./drawing.ts";

/**
 * Figure 2 of Mandt, Hoffman & Blei (2017): covariance of the iterates of constant SGD on wine against eq. 13, and
 * against the discrete-time equation with state-dependent noise.
 */
export const figure2: PaperPart = {
  name: "figure-2",
  summary: "covariance of the iterates of constant SGD on wine, measured and predicted",
  run,
};

async function run(context: PartContext) {
  const data = await readDataSet("wine", figure2.name, context);
  const local = await problemOf(data, "standardised", context);
  const plan = await constantSgd.plan(local, {
    preconditioner: "scalar",
    batchSize: data.batchSize,
    tolerance: 0.5,
    chains: 4,
    draws: scaled(20_000, context, 100),
    seed: context.seed,
  });
  const output = await plan.sample();
  const draws = { chains: output.positions, dimension: local.mode.length };
  const measured = momentsOf(draws).covariance;
  const discrete = plan.prediction.covariance;
  const continuous = continuousCovariance(local, plan.settings)!;
  const ess = Math.min(...byCoordinate(draws).map((chains) => bulkEffectiveSampleSize(chains)));
  const about = {
    title: "Figure 2: covariance of the iterates of constant SGD, wine",
    caption: "Scalar rate of Theorem 1, S = 100; features standardised.",
  };
  const laws = { measured, "eq. 13": continuous, "discrete time": discrete };
  return {
    data: {
      title: "Covariance of the iterates of constant SGD (Theorem 1), wine",
      names: data.names,
      preprocessing: "standardised",
      settings: plan.settings,
      ess,
      measured: [...measured.data],
      continuous: [...continuous.data],
      discrete: [...discrete.data],
      relativeFrobeniusError: { continuous: distance(continuous, measured), discrete: distance(discrete, measured) },
      meanVarianceRatio: {
        continuous: varianceRatio(measured, continuous),
        discrete: varianceRatio(measured, discrete),
      },
    },
    plots: {
      "": heatMaps(laws, data.names, about, context, { height: 400, marginLeft: 125, marginBottom: 110 }),
      "-entries": entries(laws, ess, context),
    },
  };
}

/** ‖A − B‖_F / ‖B‖_F */
export function distance(a: Matrix, b: Matrix): number {
  let difference = 0;
  let norm = 0;
  for (let k = 0; k < b.data.length; k++) {
    difference += (a.data[k] - b.data[k]) ** 2;
    norm += b.data[k] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Mean over the coordinates of the ratio of two variances. */
function varianceRatio(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let j = 0; j < a.rows; j++) sum += a.data[j * a.rows + j] / b.data[j * a.rows + j] / a.rows;
  return sum;
}

/** Laws side by side in one colour scale, which is said at the end of the caption. @param layout The height and the margins */
export function heatMaps(
  laws: Readonly<Record<string, Matrix>>,
  names: readonly string[],
  { title, caption }: { readonly title: string; readonly caption: string },
  { seed }: Pick<PartContext, "seed">,
  layout: PlotOptions,
): PlotOptions {
  const cells = Object.entries(laws).flatMap(([law, { data, rows }]) =>
    Array.from(data, (value, k) => ({
      law,
      row: names[Math.floor(k / rows)],
      column: names[k % rows],
      value: value / 1e-4,
    })),
  );
  const largest = Math.max(...cells.map(({ value }) => Math.abs(value)));
  const scale = `One colour scale: orange ${(-largest).toFixed(1)} to purple ${largest.toFixed(1)} · 10⁻⁴. Seed ${seed}.`;
  return figure(
    { title, caption: `${caption} ${scale}` },
    {
      marginRight: 15,
      ...layout,
      color: { type: "diverging", scheme: "PuOr", reverse: true, domain: [-largest, largest], pivot: 0 },
      x: { domain: names },
      y: { domain: names },
      fx: { domain: Object.keys(laws), label: null },
      marks: [
        cell(cells, { x: "column", y: "row", fx: "law", fill: "value", inset: 0.3 }),
        axisY({ label: null, tickSize: 0, anchor: "left" }),
        axisX({ label: null, tickSize: 0, tickRotate: -60, anchor: "bottom" }),
      ],
    },
  );
}

function entries(laws: Readonly<Record<string, Matrix>>, ess: number, { seed }: PartContext): PlotOptions {
  const { measured } = laws;
  const size = measured.rows;
  const points = ["eq. 13", "discrete time"].flatMap((law) =>
    Array.from({ length: size * size }, (_, k) => ({ i: Math.floor(k / size), j: k % size }))
      .filter(({ i, j }) => j <= i)
      .map(({ i, j }) => {
        const at = (m: Matrix, a: number, b: number) => m.data[a * size + b];
        const expected = at(laws[law], i, j);
        // The covariance of n independent normal draws has variance (Σ_ij² + Σ_ii Σ_jj)/n.
        const error = Math.sqrt((expected ** 2 + at(laws[law], i, i) * at(laws[law], j, j)) / ess);
        return {
          law,
          expected: expected * 1e4,
          difference: (at(measured, i, j) - expected) * 1e4,
          error: error * 1e4,
          kind: i === j ? "variance" : "covariance",
        };
      }),
  );
  return figure(
    {
      title: "Figure 2: entries of the measured covariance less the predicted ones, wine",
      caption: `Scalar rate of Theorem 1, S = 100; features standardised. Bars: two Monte Carlo standard errors, ${Math.round(ess).toLocaleString("en")} effective draws. Seed ${seed}.`,
      x: "predicted entry, 10⁻⁴",
      y: "measured less predicted, 10⁻⁴",
      legend: [
        { label: "variances", ink: inks.predicted, symbol: "circle" },
        { label: "covariances", ink: inks.posterior, symbol: "circle" },
      ],
    },
    {
      height: 340,
      marginLeft: 55,
      marginRight: 20,
      fx: { domain: ["eq. 13", "discrete time"], label: null },
      x: { grid: true },
      y: { grid: true },
      marks: [
        line(
          [
            [-1.6, 0],
            [6.4, 0],
          ],
          { stroke: inks.faint, facet: null, clip: true },
        ),
        ruleX(points, {
          x: "expected",
          y1: (d) => d.difference - 2 * d.error,
          y2: (d) => d.difference + 2 * d.error,
          fx: "law",
          stroke: inks.faint,
        }),
        dot(points, {
          x: "expected",
          y: "difference",
          fx: "law",
          r: 2.5,
          fill: (d) => (d.kind === "variance" ? inks.predicted : inks.posterior),
        }),
      ],
    },
  );
}
