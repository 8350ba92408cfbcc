// Observable Plot without a page. The pictures take the colours of the reader's theme: dark text on white, or light text on black.
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export { Plot };
/** Told apart on white and on black, and with any colour vision. */
export const colours = {
  ours: "#D9601A",
  others: "#4F8FC4",
  limit: "#8A8A8A",
  more: ["#4F8FC4", "#3D9970", "#B07AA1", "#A68A2D"],
};

const themes = `<style>
svg { color: #222; background: #fff; --plot-background: #fff; font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { color: #e6e6e6; background: #0d1117; --plot-background: #0d1117; } }
</style>`;

/** A plot as an SVG file that stands by itself, read out as one picture by `ariaLabel`. */
export function svgFile(options) {
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({ ...options, document });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  // Places are rounded to hundredths, and what is written stays.
  const rounded = (digits) => String(Math.round(100 * Number(digits)) / 100);
  const text = svg.outerHTML.replace(/(>[^<]*<)|\d+\.\d{3,}/g, (digits, written) => written ?? rounded(digits));
  return `${text.replace(/^(<svg[^>]*>)/, `$1${themes}`)}\n`;
}
