import type { Effects } from "../../src/effects/effects.ts";
import type { EffectEstimate, PosteriorOfEffect } from "../../src/effects/estimates.ts";
import { probabilityOf } from "../../src/formula/event.ts";
import type { PredictiveFit } from "../../src/prediction/predictive-fit.ts";
import { short } from "./short-numbers.ts";
import { integer, type RenderOptions, renderTable, type TableColumn, wrap } from "./table.ts";
import { visible, visibleTexts } from "./visible.ts";

/** What a person sees of effects: what they are of, a table of each kind, and what to heed. */
export function renderEffects(
  { recipe: { formula, family, target } }: Pick<PredictiveFit, "recipe">,
  given: Effects,
  options: RenderOptions & { readonly out?: string },
): string {
  const result = visibleTexts(given);
  const width = Math.max(40, Math.min(options.width, 110));
  const header = [
    `${visible(formula)}   [${family}]`,
    ...(target.event === undefined ? [] : [`probability: ${visible(probabilityOf(target.event))}`]),
    ...aboutOf(result).map((line) => wrap(line, width).trimStart()),
    ...(options.out === undefined ? [] : [`written to ${options.out}`]),
  ].join("\n");
  const sections = [
    header,
    ...tablesOf(result, options),
    ...(result.warnings.length > 0 ? [result.warnings.map((warning) => wrap(`! ${warning}`, width)).join("\n")] : []),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What effects are averages over, or where they are. */
function aboutOf({ effects, rows, sampledRows = 0, conditions, draws, scale, groups }: Effects): string[] {
  const ofDraws = `${integer(draws)} draws`;
  if (effects.length === 0) return [ofDraws];
  const where: string[] = [];
  if (rows === undefined) {
    const held = (conditions ?? []).map(({ column, value, is }) => {
      const shown = typeof value === "number" ? short(value) : value;
      return `${column} = ${shown}${is === "set" ? "" : is === "mean" ? " (mean)" : " (most frequent)"}`;
    });
    where.push(held.length > 0 ? `at one typical row of the fit: ${held.join(", ")}` : "at the values that are set");
  } else {
    const sample = sampledRows < rows ? ` (${integer(sampledRows)} of them at all draws, all at a few draws)` : "";
    where.push(`averages over ${integer(rows)} rows${sample}`);
  }
  const of = scale === "link" ? "on the scale of the linear predictor" : "on the scale of the response";
  const ofGroups = groups === undefined ? "" : ` · groups: ${groups}`;
  return [...where, `${ofDraws} · ${of}${ofGroups}`];
}

const titles = { prediction: "Predictions", comparison: "Comparisons", slope: "Slopes" } as const;

function tablesOf({ effects, hypotheses, interval }: Effects, options: RenderOptions): string[] {
  const kinds = ["prediction", "comparison", "slope"] as const;
  const tables = kinds.flatMap((kind) => {
    const own = effects.filter((effect) => effect.kind === kind);
    if (own.length === 0) return [];
    const none = own.some(({ comparison }) => comparison !== undefined && comparison !== "difference") ? 1 : 0;
    const columns = columnsOf<EffectEstimate>(interval, kind === "prediction" ? undefined : `P(> ${none})`);
    const what = { ratio: " (ratios)", "odds-ratio": " (odds ratios)", difference: "" }[
      own[0].comparison ?? "difference"
    ];
    return [`${titles[kind]}${what}\n${renderTable(own, nameOf, columns, { ...options, minName: 24 })}`];
  });
  if (hypotheses.length === 0) return tables;
  const columns = columnsOf<Effects["hypotheses"][number]>(interval, "probability");
  const table = renderTable(
    hypotheses,
    ({ hypothesis, relation }) => (/[<>]/.test(hypothesis) ? hypothesis : `${hypothesis} (${relation})`),
    columns,
    { ...options, minName: 24 },
  );
  return [...tables, `Hypotheses: left side less right side, and how probable it is that it holds\n${table}`];
}

/** `city: Rome - Oslo, by arm = b, class c` */
function nameOf({ kind, term, contrast, at, by, class: level }: EffectEstimate): string {
  const pairs = (values: EffectEstimate["at"]) =>
    Object.entries(values).map(
      ([name, value]) => `${name} = ${typeof value === "number" ? Number(value.toPrecision(6)) : value}`,
    );
  const set = pairs(at);
  const head = kind === "prediction" ? [] : [`${term}: ${contrast}`];
  const parts = [...head, ...set, ...pairs(by), ...(level === undefined ? [] : [`class ${level}`])];
  return parts.length > 0 ? parts.join(", ") : "rows as they are";
}

function columnsOf<Row extends PosteriorOfEffect>(
  interval: number,
  probability: string | undefined,
): TableColumn<Row>[] {
  const end = (share: number) => `${Number((100 * share).toPrecision(4))}%`;
  const error = ({ mcse, ...own }: PosteriorOfEffect) => {
    const ofRows = "rowError" in own ? Number(own.rowError) : 0;
    return Number.isFinite(mcse) ? Math.hypot(mcse, ofRows) : null;
  };
  const cell = (of: (row: Row) => number, times: number) => (row: Row) => {
    const own = error(row);
    return Number.isFinite(of(row)) ? short(of(row), own === null ? null : times * own) : "–";
  };
  return [
    { title: "estimate", rank: 9, cell: cell(({ estimate }) => estimate, 1) },
    { title: "sd", rank: 4, cell: cell(({ sd }) => sd, 1) },
    // Ends of intervals are known about half as well as the mean.
    { title: end((1 - interval) / 2), rank: 7, cell: cell(({ low }) => low, 2) },
    { title: end((1 + interval) / 2), rank: 7, cell: cell(({ high }) => high, 2) },
    ...(probability === undefined
      ? []
      : [
          {
            title: probability,
            rank: 6,
            cell: (row: Row) => (Number.isFinite(row.probability) ? row.probability!.toFixed(3) : "–"),
          },
        ]),
  ];
}
