import { dot, type Markish, type PlotOptions, text } from "@observablehq/plot";

/** Colours that colour-blind readers tell apart (Okabe & Ito 2008), by what they stand for in every figure. */
export const inks = {
  posterior: "#0072B2",
  predicted: "#D55E00",
  measured: "#E69F00",
  draws: "#56B4E9",
  paper: "#000000",
  third: "#009E73",
  faint: "#999999",
} as const;

interface LegendEntry {
  readonly label: string;
  readonly ink: string;
  readonly symbol: "circle" | "diamond" | "line" | "dashes";
  readonly hollow?: boolean;
}

interface Frame {
  readonly title: string;
  /** Settings and seed, below the plot. */
  readonly caption: string;
  readonly legend?: readonly LegendEntry[];
  /** Axis labels with units, centred on the whole plot. */
  readonly x?: string;
  readonly y?: string;
}

const width = 700;
const lineHeight = 14;
/** Characters of the caption's font that a line holds. */
const captionColumns = 116;

/**
 * Plot options with a title, a legend and a caption drawn as marks, 700 px wide by default, so that the files can be read
 * on their own. The margins in the options are those of the axes; space for the texts is added here.
 */
export function figure({ title, caption, legend = [], x, y }: Frame, options: PlotOptions): PlotOptions {
  const lines = wrapped(caption, captionColumns);
  const { marginTop = 30, marginBottom = 40, marginLeft = 50, marks = [] } = options;
  const top = marginTop + 26 + (legend.length > 0 ? 20 : 0);
  const bottom = marginBottom + 14 + lineHeight * lines.length;
  const left = { frameAnchor: "top-left", textAnchor: "start", lineAnchor: "middle", facet: "super" } as const;
  const texts: Markish[] = [
    text([title], { ...left, dx: 8 - marginLeft, dy: 14 - top, fontSize: 14, fontWeight: 600 }),
    ...legendMarks(legend, 12 - marginLeft, 38 - top),
    text([lines.join("\n")], {
      frameAnchor: "bottom-left",
      textAnchor: "start",
      lineAnchor: "bottom",
      facet: "super",
      dx: 8 - marginLeft,
      dy: bottom - 6,
      fontSize: 11,
      fill: "#444",
    }),
  ];
  if (x) texts.push(text([x], { frameAnchor: "bottom", facet: "super", dy: marginBottom - 4, fontSize: 12 }));
  if (y)
    texts.push(
      text([y], {
        frameAnchor: "left",
        textAnchor: "middle",
        facet: "super",
        rotate: -90,
        dx: 12 - marginLeft,
        fontSize: 12,
      }),
    );
  const axes = { x: { ...options.x, label: null }, y: { ...options.y, label: null } };
  return { width, ...options, ...axes, marginTop: top, marginBottom: bottom, marginLeft, marks: [...marks, ...texts] };
}

function legendMarks(entries: readonly LegendEntry[], startX: number, y: number): Markish[] {
  const marks: Markish[] = [];
  let x = startX;
  for (const { label, ink, symbol, hollow } of entries) {
    const at = { frameAnchor: "top-left", facet: "super", dx: x + 6, dy: y } as const;
    if (symbol === "circle" || symbol === "diamond") {
      marks.push(
        dot([0], {
          ...at,
          symbol,
          r: 4,
          ...(hollow ? { stroke: ink, strokeWidth: 1.5 } : { fill: ink, stroke: "none" }),
        }),
      );
    } else {
      marks.push(
        text([symbol === "line" ? "━━" : "╍╍"], {
          ...at,
          fill: ink,
          fontSize: 12,
          textAnchor: "middle",
          lineAnchor: "middle",
        }),
      );
    }
    marks.push(text([label], { ...at, dx: x + 18, textAnchor: "start", lineAnchor: "middle", fontSize: 12 }));
    x += 34 + 6.6 * label.length;
  }
  return marks;
}

function wrapped(paragraph: string, columns: number): string[] {
  const lines = [""];
  for (const word of paragraph.split(" ")) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= columns) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
