import type { Markish, TextOptions } from "@observablehq/plot";
import { fontSize, ink, shortened } from "./style.ts";
import type { PlotLibrary } from "./svg.ts";

/** A plot's title, its caption line by line, and what the vertical axis is, in the margin above it. */
export interface Heading {
  readonly title: string;
  readonly caption: readonly string[];
  /** The first line's distance from the upper edge. */
  readonly captionAt: number;
  /** Of a plot that has a vertical axis. */
  readonly yLabel?: string;
}

/** Pixels from one line of a caption to the next. */
export const captionLine = 16;

/** About the width of a character of the title. */
const titleWidth = 8.8;

/** The marks of a heading, by the plot's width and its margins. */
export function headingMarks(
  Plot: PlotLibrary,
  { title, caption, captionAt, yLabel }: Heading,
  { width, left, top }: { readonly width: number; readonly left: number; readonly top: number },
): Markish[] {
  const line = (text: string, y: number, more: TextOptions = {}) =>
    Plot.text([text], {
      frameAnchor: "top-left",
      textAnchor: "start",
      dx: 8 - left,
      dy: y - top,
      fontSize,
      fill: ink.text,
      ...more,
    });
  return [
    line(shortened(title, Math.floor(width / titleWidth)), 16, { fontSize: 15, fontWeight: "bold" }),
    ...caption.map((text, k) => line(text, captionAt + captionLine * k, { fill: ink.faint })),
    ...(yLabel === undefined ? [] : [line(`↑ ${yLabel}`, top - 18, { fontSize: fontSize - 1 })]),
  ];
}
