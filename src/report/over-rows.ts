import type { Effects } from "../effects/effects.ts";
import type { EffectEstimate } from "../effects/estimates.ts";
import type { Prediction } from "../fit/predict.ts";
import { plotCalibration, plotPredictiveChecks } from "../plots/predictive-checks.ts";
import { code, type Html, html, section, table } from "./html.ts";
import { count, rounded } from "./numbers.ts";
import { figure } from "./pictures.ts";

/** What was computed with rows of data. */
export interface OverRows {
  /** Average comparisons of columns. */
  readonly effects?: Effects;
  /** Of rows with their target. */
  readonly prediction?: Prediction;
}

const mostEffects = 60;

/** Effects averaged over the rows, and how well these are predicted. */
export async function answersOverRows({ effects, prediction }: OverRows): Promise<Html> {
  return html`${effects && effectsTable(effects)}${prediction?.scores && (await fitOf(prediction))}`;
}

function effectsTable({ effects, rows = 0, interval, warnings }: Effects): Html {
  const own = effects.filter(({ kind }) => kind === "comparison");
  const end = (share: number) => `${Number((100 * share).toPrecision(4))}%`;
  const cells = (effect: EffectEstimate) => [
    html`${code(effect.term ?? "")}: ${effect.contrast}${effect.class === undefined ? undefined : html`, class ${code(effect.class)}`}`,
    ...[effect.estimate, effect.sd, effect.low, effect.high].map((value) => rounded(value, effect.sd)),
    effect.probability === undefined ? "–" : effect.probability.toFixed(3),
  ];
  const titles = ["", "estimate", "sd", end((1 - interval) / 2), end((1 + interval) / 2), "P(> 0)"];
  const left = own.length - mostEffects;
  const caption = `Differences of average predictions over ${count(rows)} rows, on the scale of the response.${left > 0 ? ` The first ${mostEffects} of ${own.length}.` : ""}`;
  return section(
    "What the columns do to the prediction",
    table(titles, own.slice(0, mostEffects).map(cells), caption),
    ...warnings.map(
      (warning) => html`<p class="aside">${warning}</p>
`,
    ),
  );
}

async function fitOf(prediction: Prediction): Promise<Html> {
  const { scores } = prediction;
  if (!scores) return section("");
  const facts: [string, string][] = [
    ["Mean log score", rounded(scores.logScore, scores.logScoreError)],
    ...("rmse" in scores
      ? ([
          ["Root mean square error", rounded(scores.rmse, scores.rmse / 100)],
          ...scores.coverage.map(({ level, observed }): [string, string] => [
            `Targets within ${100 * level}% intervals`,
            `${(100 * observed).toFixed(1)}%`,
          ]),
        ] as [string, string][])
      : ([
          ["Accuracy", `${(100 * scores.accuracy).toFixed(1)}%`],
          ["Brier score", scores.brier.toPrecision(3)],
        ] as [string, string][])),
  ];
  return section(
    "Does the model fit the rows?",
    html`<p>Of the ${count(scores.rows)} rows with their target; where these are the rows of the fit, it looks better than on others.</p>
<dl class="facts">${facts.map(
      ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
    )}</dl>
`,
    figure(await plotPredictiveChecks(prediction)),
    ...("reliability" in scores ? [figure(await plotCalibration(prediction))] : []),
  );
}
