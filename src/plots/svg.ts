import type * as PlotModule from "@observablehq/plot";
import { optionalPackage } from "../table/optional-package.ts";

/** Observable Plot, once it is loaded. */
export type PlotLibrary = typeof PlotModule;
type PlotOptions = Omit<PlotModule.PlotOptions, "document">;

/** @throws InputError where the package is not installed */
export function plotLibrary(): Promise<PlotLibrary> {
  return optionalPackage("@observablehq/plot", "pictures", () => import("@observablehq/plot"));
}

/**
 * A plot as the text of an SVG file that stands by itself. The options are Observable Plot's; a legend or a title, which
 * Plot puts beside the SVG in a page, has to be drawn with marks; `ariaLabel` says what is seen to who does not see it. Coordinates are rounded to a hundredth of a pixel.
 */
export async function plotSvg(options: PlotOptions): Promise<string> {
  const Plot = await plotLibrary();
  const svg = Plot.plot({
    style: { background: "white", fontFamily: "system-ui, sans-serif" },
    ...options,
    document: await emptyDocument(),
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  // Read out as one picture, by its label.
  if (options.ariaLabel) svg.setAttribute("role", "img");
  const text = svg.outerHTML.replace(label, () => ` aria-label="${inAttribute(options.ariaLabel ?? "")}"`);
  return `${text.replace(coordinates, (attribute) => attribute.replace(longNumbers, round))}\n`;
}

/** That of the page, or one of text alone where there is no page. */
async function emptyDocument(): Promise<Document> {
  if (typeof document !== "undefined") return document;
  const { parseHTML } = await optionalPackage("linkedom", "pictures", () => import("linkedom"));
  return parseHTML("<html><body></body></html>").document;
}

/** The label of the whole, which stands first: pages take signs in it that files do not. */
const label = / aria-label="[^"]*"/;
const inAttribute = (text: string) =>
  text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]!).replaceAll('"', "&quot;");

const coordinates = / (?:d|cx|cy|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"/g;
const longNumbers = /\d+\.\d{3,}(?:e-?\d+)?/g;
const round = (digits: string) => String(Math.round(100 * Number(digits)) / 100);
