import { captionLine, headingMarks } from "./heading.ts";
import { captionLines, characterWidth, fontSize, ink, palette, shortened } from "./style.ts";
import { plotLibrary, plotSvg } from "./svg.ts";

/** A prediction at one value of a column. */
export interface CurvePoint {
  /** Points of one series are joined. */
  readonly series: string;
  readonly x: number | Date;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface CurveChart {
  readonly title: string;
  readonly caption: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

const size = { width: 720, height: 420, left: 60, bottom: 46 } as const;
const longestName = 24;
/** Of more points the line alone is drawn. */
const mostDots = 12;

/** Estimates along a column with bands for their intervals, each series named at its end, as an SVG. */
export async function curveChart(points: readonly CurvePoint[], chart: CurveChart): Promise<string> {
  const Plot = await plotLibrary();
  const names = [...new Set(points.map(({ series }) => series))];
  const caption = captionLines(chart.caption, size.width - 16);
  const top = 68 + captionLine * caption.length;
  const longest = Math.max(...names.map((name) => Math.min(longestName, name.length)));
  const ends = namePlaces(points, names);
  const right = 20 + (names.length > 1 ? longest * characterWidth : 0);
  return plotSvg({
    ariaLabel: `${chart.title}: ${chart.caption}`,
    width: size.width,
    height: size.height + top,
    marginLeft: size.left,
    marginRight: right,
    marginTop: top,
    marginBottom: size.bottom,
    x: { label: null },
    y: { label: null, nice: true },
    marks: [
      Plot.gridY({ stroke: ink.line, strokeOpacity: 1 }),
      ...names.flatMap((name, k) => {
        const own = points.filter(({ series }) => series === name).sort((a, b) => Number(a.x) - Number(b.x));
        const color = palette[1 + (k % (palette.length - 1))];
        return [
          Plot.areaY(own, { x: "x", y1: "low", y2: "high", fill: color, fillOpacity: 0.15 }),
          Plot.line(own, { x: "x", y: "estimate", stroke: color, strokeWidth: 2 }),
          ...(own.length <= mostDots ? [Plot.dot(own, { x: "x", y: "estimate", r: 2.5, fill: color })] : []),
          ...(names.length > 1
            ? [
                Plot.text(own.slice(-1), {
                  ...{ x: "x", y: () => ends.get(name), textAnchor: "start", dx: 8, fontSize, fill: color },
                  text: () => shortened(name, longestName),
                }),
              ]
            : []),
        ];
      }),
      ...headingMarks(Plot, { ...chart, caption, captionAt: 40 }, { ...size, top }),
      Plot.text([chart.xLabel], { frameAnchor: "bottom-right", textAnchor: "end", dy: 36, fontSize, fill: ink.text }),
    ],
  });
}

/** Where each series' name stands: at its end, or as far above the one below it as a line is high. */
function namePlaces(points: readonly CurvePoint[], names: readonly string[]): ReadonlyMap<string, number> {
  const spread = Math.max(...points.map(({ high }) => high)) - Math.min(...points.map(({ low }) => low));
  const line = (spread * 1.2 * fontSize) / (size.height - size.bottom);
  const last = (name: string) =>
    points.filter(({ series }) => series === name).reduce((end, point) => (point.x > end.x ? point : end)).estimate;
  const sorted = names.map((name) => ({ name, y: last(name) })).sort((a, b) => a.y - b.y);
  const places = new Map<string, number>();
  let free = Number.NEGATIVE_INFINITY;
  for (const { name, y } of sorted) {
    const place = Math.max(y, free);
    places.set(name, place);
    free = place + line;
  }
  return places;
}
