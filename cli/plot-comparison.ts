import * as Plot from "@observablehq/plot";
import type { Comparison, SamplerComparison } from "../src/fit/comparison/comparison.ts";
import { type Box, placeLabels } from "./place-labels.ts";
import { isChance, titleOf } from "./render-comparison.ts";
import { plotSvg } from "./svg.ts";

const width = 860;
const height = 560;
const margin = { left: 64, right: 24, top: 64, bottom: 72 };
const fontSize = 11;
/** Smaller errors of a sd are drawn as this. */
const minError = 1e-4;

/** Worst sd error against seconds, both on logarithmic axes, a dot a sampler with its name beside it, as an SVG. */
export function plotComparison(comparison: Comparison): string {
  const shown = comparison.samplers.filter(
    (row): row is SamplerComparison & { seconds: number; worstSdError: number } =>
      row.seconds !== null && row.worstSdError !== null,
  );
  const names = shown.map((row) => (row.worstSdError === 0 ? `${titleOf(row)} (exact)` : titleOf(row)));
  const x = logScale(
    shown.map(({ seconds }) => seconds),
    margin.left,
    width - margin.right,
  );
  const y = logScale(
    shown.map(({ worstSdError }) => Math.max(worstSdError, minError)),
    height - margin.bottom,
    margin.top,
  );
  const dots = shown.map((_, k) => ({ x: x.pixels[k], y: y.pixels[k] }));
  const frame: Box = { left: margin.left, right: width - 4, top: margin.top - 8, bottom: height - margin.bottom };
  const labels = placeLabels(dots, names, { frame, fontSize });
  const points = shown.map((row, k) => ({
    ...dots[k],
    name: names[k],
    sampler: row.sampler,
    isChance: isChance(row.worstSdError, row.byChance?.worstSdError),
    label: labels[k],
  }));
  const dot = { x: "x", y: "y", r: 4, stroke: "sampler", strokeWidth: 1.8 };
  return plotSvg({
    width,
    height,
    // The scales' ranges, so that a pixel is a pixel.
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    color: { type: "categorical", scheme: "tableau10" },
    marks: [
      Plot.gridX(x.ticks.map(({ pixel }) => pixel)),
      Plot.gridY(y.ticks.map(({ pixel }) => pixel)),
      Plot.text(x.ticks, {
        x: "pixel",
        text: ({ value }) => plainNumber(value),
        frameAnchor: "bottom",
        dy: 16,
      }),
      Plot.text(y.ticks, {
        y: "pixel",
        text: ({ value }) => `${plainNumber(100 * value)}%`,
        frameAnchor: "left",
        textAnchor: "end",
        dx: -6,
      }),
      Plot.link(
        points.filter(({ label }) => label.isFar),
        {
          x1: "x",
          y1: "y",
          x2: ({ label }) => label.x,
          y2: ({ label }) => label.y,
          stroke: "#999",
          strokeWidth: 0.7,
        },
      ),
      Plot.dot(
        points.filter((point) => !point.isChance),
        { ...dot, fill: "sampler" },
      ),
      Plot.dot(
        points.filter((point) => point.isChance),
        { ...dot, fill: "white" },
      ),
      ...(["start", "middle", "end"] as const).map((anchor) =>
        Plot.text(
          points.filter(({ label }) => label.anchor === anchor),
          {
            x: ({ label }) => label.x,
            y: ({ label }) => label.y,
            text: "name",
            textAnchor: anchor,
            fontSize,
            fill: "#333",
            stroke: "white",
            strokeWidth: 3,
          },
        ),
      ),
      ...captions(comparison),
    ],
  });
}

function captions({ samplers, reference, data, formula }: Comparison): Plot.Markish[] {
  const count = (rows: number) => rows.toLocaleString("en-US");
  const rows =
    reference.rows === data.rows
      ? `all ${count(data.rows)} rows`
      : `${count(reference.rows)} of ${count(data.rows)} rows, drawn at random`;
  const missing = samplers.filter(({ seconds }) => seconds === null).map(titleOf);
  const line = (text: string, options: Plot.TextOptions) =>
    Plot.text([text], { frameAnchor: "top-left", textAnchor: "start", dx: 8 - margin.left, fontSize, ...options });
  return [
    line(`Worst error of a posterior sd against time: ${formula}`, { dy: -54, fontSize: 14, fontWeight: "bold" }),
    line(`Measured against ${reference.sampler} on ${rows}; a hollow dot: Monte Carlo error alone may have made it`, {
      dy: -34,
    }),
    line("seconds to choose the settings and run", { frameAnchor: "bottom-right", textAnchor: "end", dx: 0, dy: 36 }),
    line(missing.length > 0 ? `Not shown: ${missing.join(", ")}` : "", { frameAnchor: "bottom-left", dy: 58 }),
  ];
}

interface LogScale {
  /** Where the values stand. */
  readonly pixels: readonly number[];
  readonly ticks: readonly { readonly value: number; readonly pixel: number }[];
}

/** A logarithmic scale over the values with room at both ends, from `start` to `end` px. */
function logScale(values: readonly number[], start: number, end: number): LogScale {
  const logs = values.map(Math.log10);
  const low = Math.min(...logs) - 0.2;
  const high = Math.max(...logs, low + 1) + 0.2;
  const at = (log: number) => start + ((end - start) * (log - low)) / (high - low);
  const within = (steps: readonly number[]) =>
    Array.from({ length: 30 }, (_, k) => k - 15)
      .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
      .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  const fine = within([1, 2, 5]);
  const ticks = fine.length <= 12 ? fine : within([1]);
  return { pixels: logs.map(at), ticks: ticks.map((value) => ({ value, pixel: at(Math.log10(value)) })) };
}

const plainNumber = (value: number) => Number(value.toPrecision(3)).toString();
