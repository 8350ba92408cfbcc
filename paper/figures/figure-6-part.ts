import { dot, line, type PlotOptions, ruleX } from "@observablehq/plot";
import { markdownTable } from "../markdown.ts";
import type { PaperPart, PartContext } from "../part.ts";
import { figure, inks } from "./drawing.ts";
import { type Figure6Panel, figure6 as findPanels } from "./figure-6.ts";

/** Figure 6 of Mandt, Hoffman & Blei (2017), drawn from the numbers of figure-6.ts. */
export const figure6: PaperPart = {
  name: "figure-6",
  summary: "validation loss over prior precisions, and the one that variational EM learns, MNIST and Covertype",
  run,
};

async function run(context: PartContext) {
  const panels = await findPanels(context);
  return {
    data: { title: "Validation loss over prior precisions", panels },
    plots: { "": figure6Plot(panels, context.seed) },
    markdown: markdown(panels),
  };
}

function markdown(panels: readonly Figure6Panel[]): string {
  const head = ["data", "best λ of the grid", "its loss", "learned λ", "± of log λ", "its loss", "above the best, %"];
  const body = panels.map(({ dataSet, grid, learned }) => {
    const best = bestOf(grid);
    return [
      dataSet,
      String(best.precision),
      best.validationLoss.toFixed(4),
      learned.precision.toPrecision(3),
      learned.error.toPrecision(2),
      learned.validationLoss.toFixed(4),
      (100 * learned.aboveBest).toFixed(2),
    ];
  });
  return markdownTable(head, body);
}

function bestOf(grid: Figure6Panel["grid"]) {
  return grid.reduce((least, point) => (point.validationLoss < least.validationLoss ? point : least));
}

/**
 * Validation loss over the grid of λ, a panel a data set, with what variational EM learned. Losses are drawn as the excess
 * over the grid's best, in percent, so that the flat region shows beside the steep one.
 */
export function figure6Plot(panels: readonly Figure6Panel[], seed: number): PlotOptions {
  const placed = ({ dataSet, grid }: Figure6Panel, points: readonly { precision: number; validationLoss: number }[]) =>
    points.map(({ precision, validationLoss }) => ({
      dataSet,
      precision,
      excess: 100 * (validationLoss / bestOf(grid).validationLoss - 1),
    }));
  const grid = panels.flatMap((panel) => placed(panel, panel.grid));
  const learned = panels.flatMap((panel) => placed(panel, [panel.learned]));
  const scalar = panels.flatMap((panel) => placed(panel, panel.learnedByScalarRate ? [panel.learnedByScalarRate] : []));
  const place = { x: "precision", y: "excess", fy: "dataSet" } as const;
  return figure(
    {
      title: "Figure 6: the prior precision that variational EM learns",
      caption: `Softmax regression; MAP fits over a grid of λ, and under the λ learned from the training rows alone. Seed ${seed}.`,
      x: "prior precision λ",
      y: "validation loss above the grid's best, %",
      legend: [
        { label: "MAP fits over the grid", ink: inks.posterior, symbol: "circle" },
        { label: "λ learned by variational EM", ink: inks.predicted, symbol: "diamond" },
        ...(scalar.length > 0 ? [{ label: "with the scalar rate", ink: inks.third, symbol: "diamond" as const }] : []),
      ],
    },
    {
      height: 120 + 190 * panels.length,
      marginLeft: 70,
      marginRight: 90,
      x: { type: "log", tickFormat: "~g", ticks: 6 },
      y: { type: "symlog", constant: 0.3, grid: true, ticks: [0, 0.3, 1, 3, 10, 30], tickFormat: "~g" },
      fy: { domain: panels.map(({ dataSet }) => dataSet), label: null },
      marks: [
        ruleX(learned, { x: "precision", fy: "dataSet", stroke: inks.predicted, strokeDasharray: "4,3" }),
        line(grid, { ...place, stroke: inks.posterior, strokeWidth: 1.5 }),
        dot(grid, { ...place, fill: inks.posterior, r: 3.5 }),
        dot(learned, { ...place, fill: inks.predicted, symbol: "diamond", r: 6 }),
        dot(scalar, { ...place, fill: inks.third, symbol: "diamond", r: 6 }),
      ],
    },
  );
}
