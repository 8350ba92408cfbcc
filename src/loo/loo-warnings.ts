import { samplers } from "../sampling/registry.ts";
import { listed } from "../suggest.ts";
import { formatCount } from "../table/table-source.ts";
import type { FittedModel } from "./fitted-rows.ts";

interface Found {
  readonly shapes: Float64Array;
  readonly numbers: Float64Array;
  /** The largest k that is good. */
  readonly good: number;
  readonly numDraws: number;
}

/** Sentences on what makes the estimate doubtful, and on what it means for groups. */
export function looWarnings(fit: FittedModel, found: Found): string[] {
  return [...shapeWarnings(found), ...drawsWarnings(found.numDraws), ...modelWarnings(fit)];
}

const shownRows = 5;

function shapeWarnings({ shapes, numbers, good }: Found): string[] {
  const bad = [...shapes.keys()].filter((i) => shapes[i] > good).sort((a, b) => shapes[b] - shapes[a]);
  if (bad.length === 0) return [];
  const rows = bad.slice(0, shownRows).map((i) => {
    const k = Number.isFinite(shapes[i]) ? `k ${shapes[i].toFixed(2)}` : "too few distinct draws";
    return `${formatCount(numbers[i])} (${k})`;
  });
  const others = bad.length > rows.length ? ` and ${formatCount(bad.length - rows.length)} more` : "";
  const [subject, verb] = bad.length === 1 ? ["1 row", "has"] : [`${formatCount(bad.length)} rows`, "have"];
  return [
    `${subject} ${verb} a Pareto k above ${good.toFixed(2)}, so that the draws say little of the posterior without ${bad.length === 1 ? "it" : "them"} and elpd_loo may be too high: data row ${rows.length > 1 && others === "" ? listed(rows, "and") : rows.join(", ")}${others}. Look at these rows, or fit again without parts of the rows by --k-fold 10.`,
  ];
}

/** With fewer draws the largest weights tell little of their law. */
const fewDraws = 400;

function drawsWarnings(numDraws: number): string[] {
  if (numDraws >= fewDraws) return [];
  return [
    `There are ${formatCount(numDraws)} draws, too few for the laws of the importance weights: fit with more --draws, or take more by --posterior-draws.`,
  ];
}

/** What the estimate is of: an approximation, or rows of known groups. */
export function modelWarnings({ recipe, settings }: FittedModel): string[] {
  const sampler = samplers.find(({ name }) => name === settings?.sampler);
  const isApproximate = (sampler?.assumes.length ?? 0) > 0;
  return [
    ...(isApproximate
      ? [
          `The draws are those of ${sampler!.name}, which are the posterior's as far as its assumptions in the certificate hold: what is estimated is how well these draws predict.`,
        ]
      : []),
    ...(recipe.groups
      ? [
          "Rows are left out one by one while the others of their group stay, so that this is about new rows of the same groups; for new groups fit again without each in turn, by --k-fold 10 with --fold-by and the group's column.",
        ]
      : []),
  ];
}
