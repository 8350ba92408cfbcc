import type { Posterior } from "../fit/posterior.ts";
import { headingMarks } from "./heading.ts";
import { ink } from "./style.ts";
import { plotLibrary, plotSvg } from "./svg.ts";

const size = { width: 560, height: 520, left: 64, right: 24, top: 84, bottom: 52 } as const;

/**
 * What theory says of each parameter's posterior sd before a step is taken, against what the draws have, on the standardised scale: on
 * the diagonal the settings do what they are chosen for.
 * @returns an SVG that stands by itself
 * @throws InputError where the packages that draw are not installed
 */
export async function plotSds({
  coefficients,
  groups = [],
  formula,
}: Pick<Posterior, "coefficients" | "groups" | "formula">): Promise<string> {
  const Plot = await plotLibrary();
  const parameters = [...coefficients, ...groups.flatMap(({ sds, correlations }) => [...sds, ...correlations])];
  const points = parameters
    .map(({ standardized: { predictedSd, sd } }) => ({ predictedSd, sd }))
    .filter(({ predictedSd, sd }) => predictedSd > 0 && sd > 0);
  const all = points.flatMap(({ predictedSd, sd }) => [predictedSd, sd]);
  const domain = [Math.min(...all) / 1.3, Math.max(...all) * 1.3];
  return plotSvg({
    ariaLabel: `Measured against predicted sds of ${formula}`,
    width: size.width,
    height: size.height,
    marginLeft: size.left,
    marginRight: size.right,
    marginTop: size.top,
    marginBottom: size.bottom,
    x: { type: "log", domain, label: "predicted posterior sd (standardised scale) →", ticks: 6, tickFormat: "~g" },
    y: { type: "log", domain, label: null, ticks: 6, tickFormat: "~g" },
    marks: [
      Plot.gridX({ stroke: ink.line, strokeOpacity: 1, ticks: 6 }),
      Plot.gridY({ stroke: ink.line, strokeOpacity: 1, ticks: 6 }),
      Plot.line(domain, { x: (value) => value, y: (value) => value, stroke: ink.faint }),
      Plot.dot(points, { x: "predictedSd", y: "sd", r: 4, stroke: ink.main, strokeWidth: 1.6, fill: "white" }),
      ...headingMarks(
        Plot,
        {
          title: `Sds of ${formula}`,
          caption: ["Measured against predicted by theory; the line is where both agree."],
          captionAt: 38,
          yLabel: "measured posterior sd (standardised scale)",
        },
        size,
      ),
    ],
  });
}
