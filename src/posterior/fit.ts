import { buildDesign, type Design, designFromArrays } from "../data/design.ts";
import { InputError } from "../data/errors.ts";
import { parseFormula } from "../data/formula.ts";
import { type ColumnData, type TableSource, tableFromColumns, tableFromRows } from "../data/table.ts";
import { type Certificate, certify } from "../diagnostics/certificate.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineMemoryError } from "../engine/memory.ts";
import { estimate } from "../estimation/estimate.ts";
import { identificationWarnings } from "../estimation/identification.ts";
import type { Workspace } from "../estimation/problem.ts";
import { createModel, type RowBlock } from "../models/model.ts";
import { selectSampler } from "../samplers/registry.ts";
import { SamplerOptionError, type SamplerSettings } from "../samplers/sampler.ts";
import { UnstableError } from "../theory/stability.ts";
import { type Coefficient, type NamedDraws, summarise } from "./coefficients.ts";
import { type FitOptions, type ResolvedOptions, resolveOptions } from "./options.ts";

/** A table and a formula over it. */
export interface TableInput {
  /** Columns by name, rows, or a source such as `openTable` of ornstein/node gives. */
  readonly data: Readonly<Record<string, ColumnData>> | readonly Readonly<Record<string, unknown>>[] | TableSource;
  /** Such as `y ~ x1 + log(x2) + C(code)`. */
  readonly formula: string;
}

/** Numbers as they are: x with a row for each entry of y. */
export interface ArrayInput {
  /** N rows of D numbers, or N D numbers row by row. */
  readonly x: readonly ArrayLike<number>[] | Float64Array | Float32Array;
  /** N */
  readonly y: ArrayLike<number>;
  /** D column names; x1, x2, … where left out. */
  readonly names?: readonly string[];
  /** Whether an intercept is added; true unless told. */
  readonly intercept?: boolean;
}

export type FitInput = TableInput | ArrayInput;

/** How far a run is: `fraction` of `stage` is done. */
export type ProgressListener = (stage: string, fraction: number) => void;

export interface RunOptions extends FitOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/** Seconds each stage took, and the rows read. */
export interface Timing {
  readonly load: number;
  readonly estimate: number;
  readonly sample: number;
  readonly total: number;
  readonly rowsVisited: number;
  /** rowsVisited / N */
  readonly passes: number;
}

/** The result of a fit. */
export interface Posterior {
  readonly family: string;
  readonly formula: string;
  readonly data: {
    readonly rows: number;
    readonly droppedRows: number;
    readonly columns: number;
    readonly target: string;
  };
  readonly settings: SamplerSettings;
  /** In the order of the design's columns; `sigma` last where it is learned. */
  readonly coefficients: readonly Coefficient[];
  readonly certificate: Certificate;
  readonly warnings: readonly string[];
  readonly timing: Timing;
  /** Kept draws of every coefficient on the original scale: one array a chain. */
  readonly draws: NamedDraws;
}

/**
 * Fits on the given engine: rows → mode, curvature and noise → settings → draws → summary and certificate.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fitWithEngine(input: FitInput, options: RunOptions, engine: Engine): Promise<Posterior> {
  const { signal, onProgress, ...plain } = options;
  const resolved = resolveOptions(plain);
  const started = performance.now();
  const mark = engine.memory.mark();
  try {
    const { design, rows } = await loadRows(input, resolved, engine, { signal, onProgress });
    const loaded = performance.now();
    return await fitDesign(design, rows, resolved, engine, { signal, onProgress }, { started, loaded });
  } catch (error) {
    throw asInputError(error);
  } finally {
    engine.memory.release(mark);
  }
}

/** Everything a person can mend arrives as an InputError. */
function asInputError(error: unknown): unknown {
  const mendable =
    error instanceof SamplerOptionError || error instanceof UnstableError || error instanceof EngineMemoryError;
  return mendable ? new InputError((error as Error).message) : error;
}

interface Listening {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

async function loadRows(input: FitInput, options: ResolvedOptions, engine: Engine, { signal, onProgress }: Listening) {
  let address = 0;
  const memory = {
    allocateRows(numRows: number, stride: number) {
      address = engine.memory.allocate(numRows * stride * 4, 64);
      return engine.memory.f32(address, numRows * stride);
    },
  };
  const { family, standardize } = options;
  let design: Design;
  if ("formula" in input) {
    const source = asSource(input.data);
    const total = source.numRows;
    const onRows = (done: number, pass: 1 | 2) =>
      onProgress?.("reading", total ? (done / total + pass - 1) / 2 : (pass - 1) / 2);
    const formula = parseFormula(input.formula);
    design = await buildDesign(source, formula, { family, standardize, memory, signal, onProgress: onRows });
  } else {
    design = await designFromArrays(input, { family, standardize, memory });
  }
  const { numRows, stride, paddedColumns, columns } = design;
  const rows: RowBlock = { address, numRows, numColumns: columns.length, paddedColumns, stride };
  return { design, rows };
}

function asSource(data: TableInput["data"]): TableSource {
  if (Array.isArray(data)) return tableFromRows(data);
  return typeof (data as TableSource).chunks === "function"
    ? (data as TableSource)
    : tableFromColumns(data as Readonly<Record<string, ColumnData>>);
}

async function fitDesign(
  design: Design,
  rows: RowBlock,
  options: ResolvedOptions,
  engine: Engine,
  { signal, onProgress }: Listening,
  clock: { started: number; loaded: number },
): Promise<Posterior> {
  if (design.columns.length === 0) {
    throw new InputError("The formula leaves no column to estimate: add a term or keep the intercept.");
  }
  const workspace: Workspace = { executor: engine.executor, signal, onProgress, counter: { rowsVisited: 0 } };
  const model = createModel(engine.memory, rows, {
    family: design.family,
    interceptColumn: design.columns.findIndex((column) => column.isIntercept),
    prior: options.prior,
    interceptPrior: options.interceptPrior,
    sigma: options.sigma,
  });
  onProgress?.("finding the mode", 0);
  const problem = await estimate(workspace, model, options.seed);
  const estimated = performance.now();

  const { sampler, because } = selectSampler(options.sampler, problem, options);
  onProgress?.("choosing the step", 0);
  const plan = await sampler.plan(problem, options);
  const output = await plan.sample();
  const sampled = performance.now();

  const { coefficients, draws } = summarise(design, problem, plan, output);
  const warnings = [
    ...design.warnings,
    ...identificationWarnings(
      problem,
      design.columns.map((column) => column.name),
    ),
  ];
  const convergence = coefficients.map(({ name, ess_bulk, r_hat }) => ({
    name,
    essBulk: ess_bulk ?? 0,
    rHat: r_hat ?? 1,
  }));
  const certificate = await certify(problem, sampler, plan, output, convergence, options.tolerance, warnings);
  const { rowsVisited } = workspace.counter;
  const seconds = (from: number, to: number) => (to - from) / 1000;
  return {
    family: design.family,
    formula: design.formula,
    data: {
      rows: design.numRows,
      droppedRows: design.droppedRows,
      columns: design.columns.length,
      target: design.target.name,
    },
    settings: { ...plan.settings, because: because ? `${plan.settings.because} (${because})` : plan.settings.because },
    coefficients,
    certificate,
    warnings,
    timing: {
      load: seconds(clock.started, clock.loaded),
      estimate: seconds(clock.loaded, estimated),
      sample: seconds(estimated, sampled),
      total: seconds(clock.started, performance.now()),
      rowsVisited,
      passes: rowsVisited / design.numRows,
    },
    draws,
  };
}
