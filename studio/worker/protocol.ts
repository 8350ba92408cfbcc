import type { EffectOptions, Effects } from "../../src/effects/effects.ts";
import type { ProgressEvent } from "../../src/engine/progress.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import type { Prediction } from "../../src/fit/predict.ts";
import type { FitOptions } from "../../src/options/options.ts";
import type { ColumnInfo } from "../../src/table/table-source.ts";

/** Where the rows are read: by the command's own reader behind the page, or in the page. */
type Reader = "command" | "page";

/** A table that is open. */
export interface OpenTable {
  readonly label: string;
  /** What names it on a command line. */
  readonly path: string;
  readonly sql?: string;
  readonly reader: Reader;
  readonly numRows: number;
  readonly columns: readonly ColumnInfo[];
  readonly notes: readonly string[];
}

/** A column at a glance. */
export interface ColumnSummary {
  readonly name: string;
  readonly missing: number;
  /** Counts: of numbers by bins of equal width, of texts the most frequent levels. */
  readonly bars: readonly { readonly label: string; readonly count: number }[];
  /** Of numbers the least and the largest, of texts how many levels there are. */
  readonly range: string;
  /** Why there is none of this. */
  readonly why?: string;
}

/** A parameter while the chains run. */
export interface RunningEstimate {
  readonly name: string;
  readonly mean: number;
  readonly sd: number;
  readonly essBulk: number;
  readonly rHat: number;
}

/** What the page is told while a fit runs. */
export interface RunningDraws {
  readonly estimates: readonly RunningEstimate[];
  /** Of the parameters above, one array a chain: thinned to what a picture shows. */
  readonly traces: readonly (readonly Float32Array[])[];
  readonly draws: number;
  readonly more: number;
}

/** The rows of a fit beside its own numbers. */
export interface OverRows {
  readonly effects: Effects;
  readonly prediction: Prediction;
}

/** What the page asks for, and what it gets. */
export interface Calls {
  openFile: {
    readonly given: { readonly file: File; readonly server: Server | undefined };
    readonly result: OpenTable;
  };
  openGiven: { readonly given: Server; readonly result: OpenTable | null };
  summary: { readonly given: string; readonly result: ColumnSummary };
  check: { readonly given: string; readonly result: string | null };
  fit: { readonly given: { readonly formula: string; readonly options: FitOptions }; readonly result: FitResult };
  choices: { readonly given: null; readonly result: Choices };
  /** Columns of the page's own. */
  fitColumns: {
    readonly given: {
      readonly data: object;
      readonly formula: string;
      readonly options: FitOptions & { readonly effects?: boolean };
    };
    readonly result: Posterior;
  };
  stop: { readonly given: null; readonly result: null };
  overRows: { readonly given: EffectOptions; readonly result: OverRows };
  portable: { readonly given: null; readonly result: Uint8Array };
}

/** What a fit leaves: `posterior` is a copy of it without its methods. */
export interface FitResult {
  readonly posterior: Posterior;
  readonly seconds: number;
  readonly threads: number;
}

/** What there is to choose from. */
export interface Choices {
  readonly families: readonly string[];
  readonly samplers: readonly { readonly name: string; readonly summary: string }[];
  readonly functions: readonly string[];
}

/** The command's server behind the page. */
export interface Server {
  readonly token: string;
  /** Where it answers, such as http://127.0.0.1:4000/. */
  readonly base: string;
}

export type Call = {
  [Name in keyof Calls]: { readonly id: number; readonly call: Name; readonly given: Calls[Name]["given"] };
}[keyof Calls];

export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly problem: string; readonly isUnforeseen: boolean }
  | { readonly progress: ProgressEvent }
  | { readonly running: RunningDraws };
