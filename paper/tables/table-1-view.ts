import { dot, type PlotOptions, ruleX } from "@observablehq/plot";
import { preprocessings, realDataSets } from "../data/data-sets.ts";
import { figure, inks } from "../figures/drawing.ts";
import { count, markdownTable, nats } from "../markdown.ts";
import { methods } from "../methods.ts";
import type { PartContext } from "../part.ts";
import type { Row } from "./table-1-row.ts";

/** Divergences of every method as points, a panel a data set and preprocessing. */
export function plot(rows: readonly Row[], { seed }: PartContext): PlotOptions {
  const shown = rows.filter((row) => row.preprocessing !== "none");
  const least = 1e-4;
  const points = shown.flatMap((row) =>
    (["paper", "predicted", "reverse", "measured"] as const)
      .filter((kind) => row[kind] !== null)
      .map((kind) => ({ ...row, kind, kl: Math.max(least, row[kind]!) })),
  );
  const of = (kind: string) => points.filter((point) => point.kind === kind);
  const place = { x: "kl", y: "method", fx: "data", fy: "preprocessing" } as const;
  const order = methods.map((method) => method.label).filter((label) => shown.some((row) => row.method === label));
  return figure(
    {
      title: "Table 1: divergence from the Laplace posterior",
      caption: `Wine and protein S = 100, skin S = 10,000; prior precision 1, σ = 1. Divergences below ${least} are drawn there. Measured ones have a floor, 0.002 for most and more where few draws are effective. Seed ${seed}.`,
      x: "KL to the posterior, nats",
      legend: [
        { label: "the paper", ink: inks.paper, symbol: "diamond" },
        { label: "predicted", ink: inks.predicted, symbol: "circle", hollow: true },
        { label: "predicted, KL(posterior ‖ sampler)", ink: inks.faint, symbol: "circle", hollow: true },
        { label: "measured", ink: inks.measured, symbol: "circle" },
      ],
    },
    {
      height: 180 + 2 * 20 * order.length,
      marginLeft: 140,
      marginRight: 80,
      fx: { domain: [...realDataSets], label: null },
      fy: { domain: [...preprocessings], label: null },
      x: { type: "log", domain: [least, 6000], ticks: [1e-4, 1e-2, 1, 100], tickFormat: "~g", grid: true },
      y: { domain: order },
      marks: [
        ruleX([0.01], { stroke: inks.faint, strokeDasharray: "3,3" }),
        dot(of("reverse"), { ...place, stroke: inks.faint, r: 3 }),
        dot(of("paper"), { ...place, symbol: "diamond", fill: inks.paper, r: 3.5 }),
        dot(of("measured"), { ...place, fill: inks.measured, r: 3 }),
        dot(of("predicted"), { ...place, stroke: inks.predicted, strokeWidth: 1.5, r: 4.5 }),
      ],
    },
  );
}

/** A table a data set and preprocessing. */
export function markdown(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.data}, ${row.preprocessing === "none" ? "as it is" : row.preprocessing}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups]
    .map(([title, group]) => {
      const head = [
        "method",
        "paper",
        "continuous time",
        "predicted",
        "reverse",
        "measured",
        "± s.e.",
        "floor",
        "ESS",
        "worst sd, s.e.",
        "checks failed",
      ];
      const body = group.map((row) => [
        row.method,
        nats(row.paper),
        nats(row.continuous),
        nats(row.predicted),
        nats(row.reverse),
        nats(row.measured),
        nats(row.standardError),
        nats(row.floor),
        row.ess === null ? "–" : count(row.ess),
        row.worstSdInStandardErrors === null ? "–" : row.worstSdInStandardErrors.toFixed(1),
        row.failedAssumptions.join(", ") || "–",
      ]);
      const notes = group.filter((row) => row.note).map((row) => `${row.method}: ${row.note}`);
      return [`### ${title}`, markdownTable(head, body), ...notes].join("\n\n");
    })
    .join("\n\n");
}
