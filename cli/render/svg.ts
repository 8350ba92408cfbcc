import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/**
 * A plot as the text of an SVG file that stands by itself. The options are Observable Plot's; a legend or a title, which
 * Plot puts beside the SVG in a page, has to be drawn with marks. Coordinates are rounded to a hundredth of a pixel.
 */
export function plotSvg(options: Omit<Plot.PlotOptions, "document">): string {
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({ style: { background: "white", fontFamily: "system-ui, sans-serif" }, ...options, document });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML.replace(coordinates, (attribute) => attribute.replace(longNumbers, round))}\n`;
}

const coordinates = / (?:d|cx|cy|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"/g;
const longNumbers = /\d+\.\d{3,}(?:e-?\d+)?/g;
const round = (digits: string) => String(Math.round(100 * Number(digits)) / 100);
