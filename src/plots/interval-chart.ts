import type { Markish } from "@observablehq/plot";
import { captionLine, headingMarks } from "./heading.ts";
import { captionLines, characterWidth, fontSize, ink, shortened, shortenedInside } from "./style.ts";
import { plotLibrary, plotSvg } from "./svg.ts";

/** An estimate with its interval. */
export interface IntervalRow {
  readonly label: string;
  /** Rows of one section stand under its name; "" for none. */
  readonly section?: string;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** A shorter interval, drawn thick. */
  readonly inner?: readonly [number, number];
}

export interface IntervalChart {
  readonly title: string;
  /** What the intervals are, and what was left out. */
  readonly caption: string;
  readonly xLabel: string;
  /** Where nothing happens: 0, of ratios 1. */
  readonly reference?: number;
  readonly isLogarithmic?: boolean;
}

const width = 760;
const longestLabel = 44;
/** Pixels of a row: many rows stand closer, as long as they can be read. */
const rowHeights = { few: 22, many: 15 } as const;
const manyRows = 60;

/** A line of the chart: a section's name, or a row. */
type Line = { readonly section: string } | { readonly row: IntervalRow };

/** Estimates with intervals below each other, as an SVG. */
export async function intervalChart(rows: readonly IntervalRow[], chart: IntervalChart): Promise<string> {
  const Plot = await plotLibrary();
  const height = rows.length > manyRows ? rowHeights.many : rowHeights.few;
  const lines = linesOf(rows);
  const caption = captionLines(chart.caption, width - 16);
  const labels = Math.max(...rows.map(({ label }) => Math.min(longestLabel, label.length)), 6);
  const margin = {
    left: 24 + labels * characterWidth,
    right: 20,
    top: 40 + captionLine * caption.length,
    bottom: 46,
  };
  const drawn = lines.flatMap((line, place) => ("row" in line ? [{ ...line.row, place }] : []));
  const named = lines.flatMap((line, place) => ("section" in line ? [{ section: line.section, place }] : []));
  const marks: Markish[] = [
    Plot.gridX({ stroke: ink.line, strokeOpacity: 1 }),
    Plot.axisX({ anchor: "bottom", label: null, fontSize: fontSize - 1, color: ink.text }),
    ...(chart.reference === undefined ? [] : [Plot.ruleX([chart.reference], { stroke: ink.faint })]),
    Plot.ruleY(drawn, { y: "place", x1: "low", x2: "high", stroke: ink.main, strokeWidth: 1.5 }),
    Plot.ruleY(
      drawn.filter(({ inner }) => inner),
      { y: "place", x1: ({ inner }) => inner[0], x2: ({ inner }) => inner[1], stroke: ink.main, strokeWidth: 4 },
    ),
    Plot.dot(drawn, { x: "estimate", y: "place", r: 3.2, fill: "white", stroke: ink.main, strokeWidth: 1.8 }),
    Plot.text(drawn, {
      ...besideRows,
      text: ({ label }) => shortenedInside(label, longestLabel),
      title: ({ label }) => (label.length > longestLabel ? label : null),
      fontSize: height === rowHeights.many ? fontSize - 1 : fontSize,
    }),
    Plot.text(named, {
      ...besideRows,
      textAnchor: "start",
      dx: 8 - margin.left,
      text: ({ section }) => shortened(section, 90),
      fontSize,
      fontWeight: "bold",
    }),
    ...headingMarks(Plot, { title: chart.title, caption, captionAt: 34 }, { width, ...margin }),
    Plot.text([chart.xLabel], { frameAnchor: "bottom-right", textAnchor: "end", dy: 36, fontSize, fill: ink.text }),
  ];
  return plotSvg({
    ariaLabel: `${chart.title}: ${chart.caption}`,
    width,
    height: margin.top + margin.bottom + height * lines.length,
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: margin.bottom,
    x: { type: chart.isLogarithmic ? "log" : "linear", nice: true, tickFormat: chart.isLogarithmic ? "~g" : undefined },
    y: { type: "linear", domain: [lines.length - 0.3, -0.7], axis: null },
    marks,
  });
}

const besideRows = { y: "place", frameAnchor: "left", textAnchor: "end", dx: -8, fill: ink.text } as const;

function linesOf(rows: readonly IntervalRow[]): Line[] {
  return rows.flatMap((row, n): Line[] => {
    const { section = "" } = row;
    const isNew = section !== "" && section !== (rows[n - 1]?.section ?? "");
    return isNew ? [{ section }, { row }] : [{ row }];
  });
}
