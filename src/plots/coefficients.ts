import { varianceNames } from "../design/groups/variance-names.ts";
import { selectQuantiles } from "../diagnostics/statistics/select-quantiles.ts";
import type { Posterior } from "../fit/posterior.ts";
import type { Coefficient } from "../fit/summary/coefficients.ts";
import { type IntervalRow, intervalChart } from "./interval-chart.ts";

/** What a picture of coefficients takes of a fit or a saved one. */
type Pictured = Pick<Posterior, "coefficients" | "groups" | "draws" | "data" | "formula" | "family">;

export interface CoefficientPlotOptions {
  /** Intercepts and the family's own parameters too, whose scale is seldom that of the others. Default false, where there are others. */
  readonly all?: boolean;
  /** So many coefficients at most: those furthest from 0, in their sds. Default 100. */
  readonly most?: number;
  /** Default: the formula. */
  readonly title?: string;
}

const usualMost = 100;

/**
 * Coefficients with their 94% highest-density intervals, the middle half of the draws thick, on the scale of the data; sds and
 * correlations of group terms under the term.
 * @returns an SVG that stands by itself
 * @throws InputError where the packages that draw are not installed
 */
export async function plotCoefficients(fit: Pictured, options: CoefficientPlotOptions = {}): Promise<string> {
  const { all = false, most = usualMost, title = fit.formula } = options;
  const rows = [...coefficientRows(fit), ...groupRows(fit)];
  const of = (row: Row) => all || !row.isApart;
  const wanted = rows.some(of) ? rows.filter(of) : rows;
  const far = [...wanted].sort((a, b) => b.distance - a.distance).slice(0, most);
  const shown = wanted.filter((row) => far.includes(row));
  const caption = [
    "Posterior mean, the middle half of the draws (thick), and the 94% highest-density interval.",
    ...(wanted.length < rows.length ? [`${listed(rows.filter((row) => !of(row)))} left out.`] : []),
    ...(shown.length < wanted.length
      ? [`Of ${wanted.length} the ${shown.length} that are furthest from 0, in their sds.`]
      : []),
  ].join(" ");
  return intervalChart(shown, { title, caption, xLabel: "coefficient, on the scale of the data", reference: 0 });
}

interface Row extends IntervalRow {
  /** Whether its scale is not that of coefficients of columns. */
  readonly isApart: boolean;
  /** From 0, in sds. */
  readonly distance: number;
}

function coefficientRows({ coefficients, data, draws }: Pictured): Row[] {
  const prefixes = (data.classes ?? []).map((level) => `${data.target}[${level}]`);
  const columns = data.columns;
  return coefficients.map((coefficient, index) => {
    const { name } = coefficient;
    const section = prefixes.find((prefix) => name.startsWith(`${prefix}:`)) ?? "";
    const label = section ? name.slice(section.length + 1) : name;
    const isApart = label === "Intercept" || (!section && index >= columns);
    return { ...intervalOf(coefficient, draws.get(name)), label, section, isApart };
  });
}

function groupRows({ groups = [], draws }: Pictured): Row[] {
  return groups.flatMap(({ term, factor, sds, correlations }) => [
    ...sds.map((sd) => ({
      ...intervalOf(sd, draws.get(varianceNames(factor, [sd.name])[0])),
      ...{ label: `sd ${sd.name}`, section: term, isApart: false },
    })),
    ...correlations.map((own) => ({
      ...intervalOf(own, draws.get(varianceNames(factor, own.names)[2])),
      ...{ label: `cor ${own.names.join(", ")}`, section: term, isApart: false },
    })),
  ]);
}

function intervalOf(
  { mean, sd, "hdi_3%": low, "hdi_97%": high }: Pick<Coefficient, "mean" | "sd" | "hdi_3%" | "hdi_97%">,
  chains: readonly Float64Array[] | undefined,
): Omit<Row, "label" | "isApart"> {
  const distance = sd > 0 ? Math.abs(mean) / sd : Number.POSITIVE_INFINITY;
  if (!chains) return { estimate: mean, low, high, distance };
  const draws = Float64Array.from(chains.flatMap((chain) => [...chain]));
  const [first, third] = selectQuantiles(draws, [0.25, 0.75]);
  return { estimate: mean, low, high, inner: [first, third], distance };
}

function listed(rows: readonly Row[]): string {
  const names = [...new Set(rows.map(({ label }) => label))];
  return `${names.join(", ")} ${names.length > 1 ? "are" : "is"}`;
}
