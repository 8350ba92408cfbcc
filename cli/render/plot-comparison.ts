import * as Plot from "@observablehq/plot";
import type { Comparison, SamplerComparison } from "../../src/fit/comparison/comparison.ts";
import { plotSvg } from "../../src/plots/svg.ts";
import { type Box, placeLabels } from "./place-labels.ts";
import { isChance, titleOf } from "./render-comparison.ts";

const width = 860;
const height = 560;
const margin = { left: 64, right: 24, top: 64, bottom: 72 };
const fontSize = 11;
/** Smaller errors of a sd are drawn as this. */
const minError = 1e-4;

type ShownSampler = SamplerComparison & { readonly seconds: number; readonly worstSdError: number };

/** Worst sd error against seconds, both on logarithmic axes, a dot a sampler with its name beside it, as an SVG. */
export function plotComparison(comparison: Comparison): Promise<string> {
  const shown = comparison.samplers.filter(
    (row): row is ShownSampler => row.seconds !== null && row.worstSdError !== null,
  );
  const seconds = shown.map((row) => row.seconds);
  const errors = shown.map((row) => Math.max(row.worstSdError, minError));
  const x = logScale(seconds, margin.left, width - margin.right);
  const y = logScale(errors, height - margin.bottom, margin.top);
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
    marks: [...axes(x, y), ...dots(shown, x.pixels, y.pixels), ...captions(comparison)],
  });
}

function axes(x: LogScale, y: LogScale): Plot.Markish[] {
  const below = { x: "pixel", frameAnchor: "bottom", dy: 16 } as const;
  const beside = { y: "pixel", frameAnchor: "left", textAnchor: "end", dx: -6 } as const;
  return [
    Plot.gridX(x.ticks.map(({ pixel }) => pixel)),
    Plot.gridY(y.ticks.map(({ pixel }) => pixel)),
    Plot.text(x.ticks, { ...below, text: ({ value }) => plainNumber(value) }),
    Plot.text(y.ticks, { ...beside, text: ({ value }) => `${plainNumber(100 * value)}%` }),
  ];
}

/** The samplers' dots, and their names where they hide nothing. */
function dots(shown: readonly ShownSampler[], x: readonly number[], y: readonly number[]): Plot.Markish[] {
  const names = shown.map((row) => (row.worstSdError === 0 ? `${titleOf(row)} (exact)` : titleOf(row)));
  const places = shown.map((_, k) => ({ x: x[k], y: y[k] }));
  const frame: Box = { left: margin.left, right: width - 4, top: margin.top - 8, bottom: height - margin.bottom };
  const labels = placeLabels(places, names, { frame, fontSize });
  const points = shown.map(({ sampler, worstSdError, byChance }, k) => ({
    ...places[k],
    name: names[k],
    sampler,
    isChance: isChance(worstSdError, byChance?.worstSdError),
    label: labels[k],
  }));
  type Point = (typeof points)[number];
  const labelX = ({ label }: Point) => label.x;
  const labelY = ({ label }: Point) => label.y;
  const far = points.filter(({ label }) => label.isFar);
  const [certain, byChance] = [points.filter((point) => !point.isChance), points.filter((point) => point.isChance)];
  const dot = { x: "x", y: "y", r: 4, stroke: "sampler", strokeWidth: 1.8 };
  const text = { x: labelX, y: labelY, text: "name", fontSize, fill: "#333", stroke: "white", strokeWidth: 3 };
  return [
    Plot.link(far, { x1: "x", y1: "y", x2: labelX, y2: labelY, stroke: "#999", strokeWidth: 0.7 }),
    Plot.dot(certain, { ...dot, fill: "sampler" }),
    Plot.dot(byChance, { ...dot, fill: "white" }),
    ...(["start", "middle", "end"] as const).map((textAnchor) => {
      const own = points.filter(({ label }) => label.anchor === textAnchor);
      return Plot.text(own, { ...text, textAnchor });
    }),
  ];
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
