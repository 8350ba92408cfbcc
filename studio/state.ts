import type { ProgressEvent } from "../src/engine/progress.ts";
import type { FitOptions } from "../src/options/options.ts";
import type { Choices, ColumnSummary, FitResult, OpenTable, OverRows, RunningDraws } from "./worker/protocol.ts";

/** What the fit is asked for, as it is written in the fields: a blank field is left out. */
export interface Fields {
  readonly family: string;
  readonly event: string;
  readonly prior: string;
  readonly interceptPrior: string;
  readonly weights: string;
  readonly sampler: string;
  readonly chains: string;
  readonly draws: string;
  readonly seed: string;
  readonly tolerance: string;
}

const blankFields: Fields = {
  ...{ family: "", event: "", prior: "", interceptPrior: "", weights: "" },
  ...{ sampler: "", chains: "", draws: "", seed: "", tolerance: "" },
};

export interface State {
  readonly table?: OpenTable;
  readonly summaries: Readonly<Record<string, ColumnSummary>>;
  /** What is being opened. */
  readonly opening?: string;
  readonly formula: string;
  /** Why the formula cannot be read. */
  readonly formulaProblem?: string;
  readonly fields: Fields;
  readonly choices?: Choices;
  readonly run?: { readonly progress?: ProgressEvent; readonly running?: RunningDraws; readonly isStopping: boolean };
  readonly result?: { readonly fit: FitResult; readonly command: string; readonly overRows?: OverRows };
  /** Whether effects over the rows are being computed, and how far they are. */
  readonly asking?: ProgressEvent | true;
  /** The last thing that went wrong, and where it is shown. */
  readonly problem?: { readonly where: "data" | "model" | "result"; readonly text: string };
}

export const nothing: State = { summaries: {}, formula: "", fields: blankFields };

const numbers = ["chains", "draws", "seed", "tolerance"] as const;
const texts = ["family", "event", "interceptPrior", "weights", "sampler"] as const;

/** The options of a fit, of those fields that are not blank. Numbers that are none are passed on as they are, to be refused by name. */
export function optionsOf(fields: Fields): FitOptions {
  const options: Record<string, unknown> = {};
  for (const name of texts) if (fields[name].trim() !== "") options[name] = fields[name].trim();
  for (const name of numbers) {
    const text = fields[name].trim();
    if (text !== "") options[name] = Number.isNaN(Number(text)) ? text : Number(text);
  }
  const priors = fields.prior
    .split(";")
    .map((prior) => prior.trim())
    .filter(Boolean);
  if (priors.length > 0) options.prior = priors.length === 1 ? priors[0] : priors;
  return options;
}
