import type { Posterior } from "../fit/posterior.ts";
import { code, type Html, html, section, table } from "./html.ts";
import { count, rounded } from "./numbers.ts";

/** The families in words. */
const families: Readonly<Record<string, string>> = {
  gaussian: "a normal law around a mean (gaussian, linear regression)",
  "student-t": "a Student t law around a median (student-t, robust regression)",
  bernoulli: "an event that comes true or not (bernoulli, logistic regression)",
  binomial: "successes among trials (binomial, logistic regression)",
  poisson: "counts with a Poisson law (log link)",
  "negative-binomial": "counts that vary more than a Poisson law (negative binomial, log link)",
  categorical: "one of several classes (categorical, softmax regression)",
};

const mostReferences = 12;

/** What was asked: formula, family, rows. */
export function whatWasAsked({ formula, family, data, references = {}, groups = [] }: Posterior): Html {
  const left = [
    ...(data.droppedRows > 0 ? [html`${count(data.droppedRows)} with a missing value were left out`] : []),
    ...(data.zeroWeightRows ? [html`${count(data.zeroWeightRows)} of weight 0 were left out`] : []),
    ...(data.weights === undefined ? [] : [html`each counts by the weight ${code(data.weights)}`]),
  ].map((own) => html`; ${own}`);
  const compared = Object.entries(references);
  const rest = compared.length - mostReferences;
  const facts: [string, Html][] = [
    ["Formula", code(formula)],
    ["Target", html`${code(data.target)}, modelled as ${families[family] ?? family}`],
    ...(data.modelled === undefined ? [] : ([["Probability of", eventOf(data)]] as [string, Html][])),
    ...(data.classes === undefined ? [] : ([["Classes", classesOf(data)]] as [string, Html][])),
    ["Rows", html`${count(data.rows)}${left}`],
    ["Columns", html`${count(data.columns)} of the design, with those of levels and the intercept`],
    ...(compared.length === 0
      ? []
      : ([
          [
            "Compared with",
            html`${compared.slice(0, mostReferences).map(([name, level], k) => html`${k > 0 ? "; " : ""}${code(name)}: ${code(level)}`)}${rest > 0 ? ` and ${rest} more` : ""}`,
          ],
        ] as [string, Html][])),
    ...groups.map(({ term, factor, levels }): [string, Html] => [
      "Groups",
      html`${code(term)}: ${count(levels)} levels of ${code(factor)}`,
    ]),
  ];
  return section(
    "What was asked",
    html`<dl class="facts">
${facts.map(
  ([name, own]) => html`<dt>${name}</dt><dd>${own}</dd>
`,
)}</dl>
`,
  );
}

function eventOf({ modelled, targetMean }: Posterior["data"]): Html {
  const share =
    targetMean === undefined ? undefined : html`, which is so in ${rounded(100 * targetMean, 1)}% of the rows`;
  return html`${code(modelled!.replace(/^P\((.*)\)$/, "$1"))}${share}`;
}

const mostClasses = 12;

function classesOf({ classes = [], referenceClass }: Posterior["data"]): Html {
  const shown = classes.slice(0, mostClasses).map((level, k) => html`${k > 0 ? ", " : ""}${code(level)}`);
  const more = classes.length > mostClasses ? ` and ${classes.length - mostClasses} more` : "";
  return html`${shown}${more}${referenceClass === undefined ? undefined : html`, against ${code(referenceClass)}`}`;
}

const titles = ["", "mean", "sd", "3%", "97%", "ess_bulk", "r_hat"];
type Summary = Pick<Posterior["coefficients"][number], "mean" | "sd" | "hdi_3%" | "hdi_97%"> &
  Partial<Pick<Posterior["coefficients"][number], "ess_bulk" | "r_hat">>;

const cells = ({ mean, sd, "hdi_3%": low, "hdi_97%": high, ess_bulk = null, r_hat = null }: Summary) => [
  ...[mean, sd, low, high].map((value) => rounded(value, sd)),
  count(ess_bulk),
  r_hat === null ? "–" : r_hat.toFixed(3),
];

/** Every coefficient, the family's own parameters, and the sds and correlations of groups. */
export function tables({ coefficients, groups = [] }: Posterior): Html {
  const caption =
    "On the scale of the data: posterior mean and sd, ends of the 94% highest-density interval, effective draws, and R̂ (1 where chains agree).";
  return section(
    "Coefficients",
    table(
      titles,
      coefficients.map((own) => [code(own.name), ...cells(own)]),
      caption,
    ),
    ...groups.map(
      ({ term, sds, correlations, icc }) =>
        html`<h3>${code(term)}</h3>${table(titles, [
          ...sds.map((own) => [html`sd of ${code(own.name)}`, ...cells(own)]),
          ...correlations.map((own) => [
            html`correlation of ${code(own.names[0])} and ${code(own.names[1])}`,
            ...cells(own),
          ]),
          ...(icc ? [["intraclass correlation", ...cells(icc)]] : []),
        ])}`,
    ),
  );
}
