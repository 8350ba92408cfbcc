import type { Markish } from "@observablehq/plot";
import { InputError } from "../errors.ts";
import type { Posterior } from "../fit/posterior.ts";
import { suggestion } from "../suggest.ts";
import { captionLines, fontSize, ink, shortened, shortenedInside } from "./style.ts";
import { type PlotLibrary, plotLibrary, plotSvg } from "./svg.ts";

/** Which parameters have a panel each. */
export interface PanelOptions {
  /** Their names, as `draws` has them. Default: the first of all, up to 12; of more those whose chains agree least. */
  readonly parameters?: readonly string[];
}

const mostPanels = 12;
export const panel = { width: 250, height: 96, gapX: 24, gapY: 40 } as const;
const columns = 3;
const margin = { left: 16, right: 16, bottom: 20 } as const;

/** A parameter's panel: its draws, one array a chain, and where its left upper corner is, in pixels. */
export interface Panel {
  readonly name: string;
  readonly chains: readonly Float64Array[];
  readonly x: number;
  readonly y: number;
}

/** The parameters that have panels. @throws InputError where the fit has none of a name */
function chosenParameters(
  { draws, coefficients }: Pick<Posterior, "draws" | "coefficients">,
  { parameters }: PanelOptions,
): readonly string[] {
  const names = [...draws.keys()];
  for (const name of parameters ?? [])
    if (!draws.has(name))
      throw new InputError(`The fit has no parameter "${name}"; ${suggestion(name, names, "they are")}`);
  if (parameters?.length) return parameters;
  if (names.length <= mostPanels) return names;
  const rHats = new Map(coefficients.map(({ name, r_hat }) => [name, r_hat ?? 1]));
  const worst = [...names].sort((a, b) => (rHats.get(b) ?? 1) - (rHats.get(a) ?? 1)).slice(0, mostPanels);
  return names.filter((name) => worst.includes(name));
}

/** Panels in rows of three, an SVG. @param draw the marks of a panel, in pixels of the whole picture */
export async function panelPicture(
  fit: Pick<Posterior, "draws" | "coefficients">,
  options: PanelOptions,
  { title, caption }: { readonly title: string; readonly caption: string },
  draw: (Plot: PlotLibrary, panel: Panel) => Markish[],
): Promise<string> {
  const Plot = await plotLibrary();
  const names = chosenParameters(fit, options);
  const across = Math.min(columns, names.length);
  const width = Math.max(520, margin.left + margin.right + across * panel.width + (across - 1) * panel.gapX);
  const left = fit.draws.size - names.length;
  const said =
    left > 0 && !options.parameters
      ? `${caption} Of ${fit.draws.size} parameters the ${names.length} whose chains agree least.`
      : caption;
  const lines = captionLines(said, width - 2 * margin.left);
  const top = 60 + 16 * lines.length;
  const panels = names.map((name, k) => ({
    name,
    chains: fit.draws.get(name)!,
    x: margin.left + (k % across) * (panel.width + panel.gapX),
    y: top + Math.floor(k / across) * (panel.height + panel.gapY),
  }));
  const height = top + Math.ceil(names.length / across) * (panel.height + panel.gapY) - panel.gapY + margin.bottom;
  const text = (value: string, x: number, y: number, more: object = {}) =>
    Plot.text([value], { x: () => x, y: () => y, textAnchor: "start", fontSize, fill: ink.text, ...more });
  return plotSvg({
    ariaLabel: `${title}: ${said}`,
    width,
    height,
    margin: 0,
    // The scales' ranges, so that a pixel is a pixel.
    x: { type: "identity", axis: null },
    y: { type: "identity", axis: null },
    marks: [
      text(shortened(title, 90), margin.left, 18, { fontSize: 15, fontWeight: "bold" }),
      ...lines.map((line, k) => text(line, margin.left, 40 + 16 * k, { fill: ink.faint })),
      ...panels.flatMap((own) => [
        text(shortenedInside(own.name, 36), own.x, own.y - 8),
        Plot.rect([own], {
          x1: "x",
          x2: ({ x }) => x + panel.width,
          y1: "y",
          y2: ({ y }) => y + panel.height,
          stroke: ink.line,
          fill: "none",
        }),
        ...draw(Plot, own),
      ]),
    ],
  });
}
