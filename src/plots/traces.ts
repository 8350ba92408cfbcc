import type { Posterior } from "../fit/posterior.ts";
import { type PanelOptions, panel, panelPicture } from "./panels.ts";
import { palette } from "./style.ts";

/** Points of a line: more are one beside the other in the picture anyway. */
const mostPoints = 500;

/**
 * The draws of each chain in their order, a colour a chain: chains that agree cover each other.
 * @returns an SVG that stands by itself
 * @throws InputError where the fit has no parameter of a name, or the packages that draw are not installed
 */
export function plotTraces(
  fit: Pick<Posterior, "draws" | "coefficients" | "formula">,
  options: PanelOptions = {},
): Promise<string> {
  const caption =
    "Draws in their order, a colour for each chain: where chains agree they cover each other, without trends.";
  return panelPicture(fit, options, { title: `Traces of ${fit.formula}`, caption }, (Plot, { chains, x, y }) => {
    const ends = chains.reduce(
      ([low, high], chain) => chain.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [low, high]),
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    const [low, high] = ends[1] > ends[0] ? ends : [ends[0] - 1, ends[0] + 1];
    return chains.map((chain, c) => {
      const step = Math.max(1, Math.ceil(chain.length / mostPoints));
      const points = Array.from({ length: Math.ceil(chain.length / step) }, (_, k) => [
        x + (panel.width * (k * step)) / Math.max(1, chain.length - 1),
        y + panel.height * (1 - (chain[k * step] - low) / (high - low)),
      ]);
      const stroke = palette[1 + (c % (palette.length - 1))];
      return Plot.line(points, { stroke, strokeWidth: 0.7, strokeOpacity: 0.7 });
    });
  });
}
