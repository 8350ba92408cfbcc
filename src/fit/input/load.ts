import type { Checkpoint } from "../../checkpoint/checkpoint.ts";
import { buildDesign, designFromArrays, designFromSparse, type SparseArrays } from "../../design/design.ts";
import type { Design, DesignOptions } from "../../design/design-types.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ProgressListener, ReportProgress } from "../../engine/progress.ts";
import { InputError } from "../../errors.ts";
import { parseFormula } from "../../formula/formula.ts";
import { requireObject } from "../../kinds.ts";
import { type RowBlock, rowBlockOf } from "../../models/model.ts";
import { type ResolvedOptions, refuseOptionsAmong } from "../../options/resolve-options.ts";
import { tellRows, whilePreparing } from "../../prediction/telling-rows.ts";
import { samplerNamed } from "../../sampling/registry.ts";
import { type TableData, tableFromColumns, tableFromRows } from "../../table/table.ts";
import type { TableSource } from "../../table/table-source.ts";
import { requireInput } from "../options/require-input.ts";
import { requireRoomForDraws } from "./require-room.ts";

/** A table and a formula over it. */
export interface TableInput {
  /** Columns by name, rows, or a source such as `openTable` of ornstein/node returns. */
  readonly data: TableData;
  /** Such as `y ~ x1 + log(x2) + C(code)`. */
  readonly formula: string;
}

/** A matrix of numbers x, with a row for each entry of y. */
export interface ArrayInput {
  /** N rows of D numbers, or N D numbers row by row. */
  readonly x: readonly ArrayLike<number>[] | Float64Array | Float32Array;
  /** N */
  readonly y: ArrayLike<number>;
  /** D column names; x1, x2, … by default. */
  readonly names?: readonly string[];
  /** Whether an intercept is added; true by default. */
  readonly intercept?: boolean;
  /** N numbers that are added to the linear predictors unchanged, such as the logarithms of exposures. */
  readonly offset?: ArrayLike<number>;
  /** N numbers, 0 or more: how often each row counts. */
  readonly weights?: ArrayLike<number>;
  /** N whole numbers: y of so many trials succeeded, for the binomial family. */
  readonly trials?: ArrayLike<number>;
}

/** The data of a fit: a table with a formula, arrays, or sparse arrays. */
export type FitInput = TableInput | ArrayInput | SparseArrays;

/** The signal that may stop a run, and the listener that is told how far it is. */
export interface RunControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}

/** The same within a run. */
export interface Reporting {
  readonly signal?: AbortSignal;
  readonly onProgress?: ReportProgress;
  readonly checkpoint?: Checkpoint;
}

/**
 * Reads the input into the engine's memory as a design matrix.
 * @param priorSds given if rows are wanted in an orthogonal basis
 */
export async function loadRows(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  { signal, onProgress, countParameters, priorSds }: Reporting & Pick<DesignOptions, "countParameters" | "priorSds">,
): Promise<{ design: Design; rows: RowBlock }> {
  requireInput(input);
  refuseOptionsAmong(input);
  let address = 0;
  const memory = {
    allocateRows(numRows: number, stride: number) {
      address = engine.memory.allocate(numRows * stride * 4, 64);
      return engine.memory.f32(address, numRows * stride);
    },
  };
  const { blocks } = engine;
  if (!blocks && (options.memory ?? options.cache) !== undefined)
    throw new InputError(
      `The option ${options.memory === undefined ? "cache" : "memory"} is for ornstein/node, where rows that memory is too small for go to files; leave it out.`,
    );
  const { family, classCoding, event, standardize, weights, storage, learnPrior } = options;
  const requireParameters = (dimension: number) =>
    requireRoomForDraws({ memory: engine.memory, dimension, isWhole: false }, options);
  const parameters = { countParameters, requireParameters };
  const coding = { event, hasReferenceClass: classCoding === "reference", allLevels: learnPrior };
  const cells = countsCells(options);
  const shared = { family, ...coding, standardize, storage, cells, memory, blocks, priorSds, ...parameters };
  let design: Design;
  if ("formula" in input) {
    const source = asSource(input.data);
    const formula = parseFormula(input.formula);
    const onRows = (done: number, pass: 1 | 2) => tellRows(onProgress, `reading, pass ${pass} of 2`, source, done);
    design = await whilePreparing(source, onProgress, () =>
      buildDesign(source, formula, { ...shared, weights, signal, onProgress: onRows }),
    );
  } else {
    if (weights !== undefined)
      throw new InputError(
        "The option weights is an expression over a table's columns; give arrays as { x, y, weights }.",
      );
    design = "sparse" in input ? await designFromSparse(input, shared) : await designFromArrays(input, shared);
  }
  return { design, rows: rowBlockOf(design, address) };
}

/**
 * Whether rows that agree may stand once: not where the noise of single rows is what is sampled from, or what a prior is learned by.
 */
function countsCells({ cells, sampler, learnPrior, sigma, ...tuning }: ResolvedOptions): boolean {
  const isByNoise =
    tuning.preconditioner !== undefined || tuning.learningRate !== undefined || tuning.noiseEstimate !== undefined;
  const isExact = sampler === "auto" ? !isByNoise : samplerNamed(sampler).readsCells === true;
  return cells !== "off" && isExact && !learnPrior && sigma !== "em";
}

/**
 * The table that a user of the library gave, in any of its forms.
 * @throws InputError if it is none of them
 */
export function asSource(data: TableData): TableSource {
  if (typeof data === "string")
    throw new InputError(
      `The data is the text ${JSON.stringify(data)}; a file is named by its path, as in fit({ path, formula }) of ornstein/node.`,
    );
  if (Array.isArray(data)) return tableFromRows(data);
  requireObject(data, "The data", "an object with an array for each column, or an array of rows");
  return typeof (data as TableSource).chunks === "function" ? (data as TableSource) : tableFromColumns(data);
}
