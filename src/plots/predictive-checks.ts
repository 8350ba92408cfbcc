import { InputError } from "../errors.ts";
import type { Prediction } from "../fit/predict.ts";
import { captionLine, headingMarks } from "./heading.ts";
import { intervalChart } from "./interval-chart.ts";
import { captionLines, ink } from "./style.ts";
import { plotLibrary, plotSvg } from "./svg.ts";

type Scored = Pick<Prediction, "scores">;

/**
 * Statistics of the data against those of data sets that the fit makes of the same rows: where the model produces such data, what was
 * observed is within.
 * @returns an SVG that stands by itself
 * @throws InputError where the rows had no targets, or the packages that draw are not installed
 */
export async function plotPredictiveChecks({ scores }: Scored): Promise<string> {
  if (!scores?.checks.length) throw unscored("Posterior predictive checks");
  const rows = scores.checks.map(({ statistic, observed, low, high }) => {
    const scale = Math.max(high - low, 1e-12 * Math.max(1, Math.abs(observed))) / 2;
    const estimate = (observed - (high + low) / 2) / scale;
    return { label: `${statistic} = ${short(observed)}`, estimate, low: -1, high: 1 };
  });
  return intervalChart(rows, {
    title: "Posterior predictive checks",
    caption:
      "What was observed (dot) beside the interval of 90% of the data sets that the fit makes of the same rows (line), each in half widths of that interval.",
    xLabel: "from the middle of the replicated data sets, in half widths of their interval",
  });
}

const short = (value: number) => String(Number(value.toPrecision(4)));

const size = { width: 520, height: 540, left: 60, right: 24, bottom: 52 } as const;

/**
 * How often events of a given probability came true, with the interval that chance alone would leave (95%): on the diagonal
 * probabilities are what they say.
 * @returns an SVG that stands by itself
 * @throws InputError where the rows had no targets of classes, or the packages that draw are not installed
 */
export async function plotCalibration({ scores }: Scored): Promise<string> {
  if (!scores) throw unscored("Pictures of calibration");
  if (!("reliability" in scores))
    throw new InputError("The calibration of probabilities is of events and classes, and this target is a number.");
  const bins = scores.reliability.flatMap(({ predicted, observed, count }) => {
    if (predicted === null || observed === null) return [];
    const error = 1.96 * Math.sqrt((predicted * (1 - predicted)) / count);
    return [{ predicted, observed, count, low: Math.max(0, predicted - error), high: Math.min(1, predicted + error) }];
  });
  const Plot = await plotLibrary();
  const caption = captionLines(
    "Share of events that came true against their probability, in ten bins; the area of a dot is the number of rows, the grey bar what chance alone leaves 95% of shares in.",
    size.width - 16,
  );
  const top = 68 + captionLine * caption.length;
  return plotSvg({
    ariaLabel: "Calibration: the share of events that came true against their probability",
    width: size.width,
    height: size.height + top - 60,
    marginLeft: size.left,
    marginRight: size.right,
    marginTop: top,
    marginBottom: size.bottom,
    x: { domain: [0, 1], label: "probability that was predicted →" },
    y: { domain: [0, 1], label: null },
    r: { range: [3, 12] },
    marks: [
      Plot.gridX({ stroke: ink.line, strokeOpacity: 1 }),
      Plot.gridY({ stroke: ink.line, strokeOpacity: 1 }),
      Plot.line([0, 1], { x: (value) => value, y: (value) => value, stroke: ink.faint }),
      Plot.ruleX(bins, { x: "predicted", y1: "low", y2: "high", stroke: ink.line, strokeWidth: 8 }),
      Plot.dot(bins, { x: "predicted", y: "observed", r: "count", fill: "white", stroke: ink.main, strokeWidth: 1.8 }),
      ...headingMarks(
        Plot,
        { title: "Calibration", caption, captionAt: 38, yLabel: "share that came true" },
        { ...size, top },
      ),
    ],
  });
}

function unscored(what: string): InputError {
  return new InputError(`${what} need rows whose target is known: give the data with the column of the target.`);
}
