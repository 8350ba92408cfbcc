import { type EncodedRows, RowEncoder } from "../../design/recipe/encode-rows.ts";
import { compileWeights } from "../../design/recipe/row-numbers.ts";
import { type Range, rangeOf } from "../../design/recipe/typical-values.ts";
import { denseStrideOf, paddedFloats } from "../../design/size-limit.ts";
import type { RowBlock } from "../../engine/bindings/model-record.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import { InputError } from "../../errors.ts";
import { visitColumns } from "../../formula/formula.ts";
import { tellRows, whilePreparing } from "../../prediction/telling-rows.ts";
import { CompleteRowReader } from "../../table/complete-rows.ts";
import { combine, type Moments, momentsOf } from "../../table/moments.ts";
import { formatCount, type TableChunk, type TableSource } from "../../table/table-source.ts";
import type { Reporting } from "../input/load.ts";
import type { Updatable } from "./updatable.ts";

/** Rows of other data than a fit's, encoded and standardised as the fit's own, in the engine's memory. */
export interface NewRowsOfFit {
  readonly rows: RowBlock;
  readonly droppedRows: number;
  readonly zeroWeightRows: number;
  /** Of the target (of trials the share that succeeded), and of each column of numbers that the formula reads, by its name. */
  readonly target: Moments;
  readonly inputs: ReadonlyMap<string, Moments & Range>;
}

const remedy = "fit all rows together, or leave such rows out with --sql";

/**
 * Reads rows as the fit has read its own: types, levels, scales, offset and weights.
 * @throws InputError where a value, a level or the target is none that the fit knows, or no row is left
 */
export async function readNewRows(
  fit: Updatable,
  source: TableSource,
  memory: EngineMemory,
  { signal, onProgress }: Reporting,
): Promise<NewRowsOfFit> {
  const { recipe } = fit;
  const encoder = new RowEncoder(recipe, source, { signal, remedy });
  if (!encoder.hasTarget || (recipe.target.kind === "trials" && !encoder.hasTrials))
    throw new InputError(
      `${labelOf(source)} lacks the columns of the target, ${fit.data.target}: an update learns from rows with the target.`,
    );
  const weights = weightsOf(fit.data.weights, source);
  const writer = new RowWriter(fit, weights !== undefined);
  const { names, texts } = encoder.wanted;
  const wanted = [...new Set([...names, ...(weights?.names ?? [])])];
  const chunks = source.chunks(wanted, texts)[Symbol.asyncIterator]();
  for (;;) {
    const next = await whilePreparing(source, encoder.rowsRead === 0 ? onProgress : undefined, () => chunks.next());
    if (next.done) break;
    signal?.throwIfAborted();
    const own = weights?.read(next.value, encoder.rowsRead + 1);
    let typed: TableChunk = next.value;
    const encoded = encoder.encodeNext(next.value, (chunk) => {
      typed = chunk;
      return chunk;
    });
    writer.add(encoded, typed, own);
    tellRows(onProgress, "reading", source, encoder.rowsRead);
  }
  refuseUnknown(encoder);
  return writer.finish(memory, encoder.rowsRead, labelOf(source));
}

const labelOf = ({ label = "the data" }: TableSource) => label;

function refuseUnknown({ newCombinations, unusableTargets }: RowEncoder): void {
  if (newCombinations > 0)
    throw new InputError(
      `${formatCount(newCombinations)} ${newCombinations === 1 ? "row has" : "rows have"} levels that did not occur together in the fit, so that their interaction has no coefficient: ${remedy}.`,
    );
  const [value, count] = [...unusableTargets][0] ?? [];
  if (count !== undefined)
    throw new InputError(
      `The target is "${value}" in ${formatCount(count)} ${count === 1 ? "row" : "rows"}, which is none that the fit has: ${remedy}.`,
    );
}

/** What reads the weight of each row of a chunk, NaN where it is missing; nothing where the fit has no weights. */
function weightsOf(text: string | undefined, source: TableSource) {
  if (text === undefined) return undefined;
  const columns = new Map(source.columns.map((info) => [info.name, info]));
  const { expression, read } = compileWeights(text, columns);
  const names = new Set<string>();
  visitColumns(expression, (name) => names.add(name));
  const complete = new CompleteRowReader();
  return {
    names,
    read(chunk: TableChunk, firstRow: number): Float64Array {
      const own = new Map([...chunk.columns].filter(([name]) => names.has(name)));
      const rows = complete.read({ numRows: chunk.numRows, columns: own });
      const result = new Float64Array(chunk.numRows).fill(Number.NaN);
      read(rows).forEach((weight, i) => {
        result[rows.rowNumber(i) - firstRow] = weight;
      });
      return result;
    },
  };
}

const noMoments: Moments = { count: 0, mean: 0, squares: 0 };

/** Puts encoded rows into the layout of a design's dense rows (design-types.ts). */
class RowWriter {
  private readonly parts: Float32Array[] = [];
  private readonly stride: number;
  private readonly hasOffset: boolean;
  private readonly hasWeights: boolean;
  private readonly template: Float64Array;
  private count = 0;
  private zeroWeightRows = 0;
  private target = noMoments;
  private readonly inputs = new Map<string, Moments & Range>();

  constructor(
    private readonly fit: Updatable,
    isWeighted: boolean,
  ) {
    const { hasOffset, hasIntercept, target } = fit.recipe;
    const { columns } = fit.carried;
    this.hasOffset = hasOffset;
    this.hasWeights = isWeighted || target.kind === "trials";
    this.stride = denseStrideOf(columns.length, { hasOffset, hasWeights: this.hasWeights });
    this.template = Float64Array.from(columns, ({ mean, scale }, j) =>
      hasIntercept && j === columns.length - 1 ? 1 : (0 - mean) / scale,
    );
  }

  add(encoded: EncodedRows, chunk: TableChunk, ownWeights: Float64Array | undefined): void {
    const weight = (i: number) =>
      (ownWeights ? ownWeights[encoded.indices[i]] : 1) * (encoded.trials ? encoded.trials[i] : 1);
    const kept: number[] = [];
    encoded.indices.forEach((_, i) => {
      if (Number.isNaN(encoded.target![i]) || Number.isNaN(weight(i))) return;
      if (weight(i) > 0) kept.push(i);
      else this.zeroWeightRows++;
    });
    const part = new Float32Array(kept.length * this.stride);
    const row = new Float64Array(this.template.length);
    kept.forEach((i, at) => {
      this.fillRow(row, encoded, i);
      const to = at * this.stride;
      part.set(row, to);
      const end = to + this.stride - 1;
      const { mean, scale } = this.fit.recipe.target;
      part[end] = (this.targetOf(encoded, i) - mean) / scale;
      if (this.hasOffset) part[end - 1] = encoded.offset![i] / scale;
      if (this.hasWeights) part[end - 2] = weight(i);
    });
    this.parts.push(part);
    this.count += kept.length;
    this.addMoments(encoded, chunk, kept);
  }

  private targetOf({ target, trials }: EncodedRows, i: number): number {
    return trials ? target![i] / trials[i] : target![i];
  }

  private fillRow(row: Float64Array, { blocks }: EncodedRows, i: number): void {
    const { columns } = this.fit.carried;
    row.set(this.template);
    for (const { starts, columns: places, values } of blocks) {
      const end = starts ? starts[i + 1] : i + 1;
      for (let entry = starts ? starts[i] : i; entry < end; entry++) {
        const j = places[entry];
        if (j >= 0) row[j] = ((values ? values[entry] : 1) - columns[j].mean) / columns[j].scale;
      }
    }
  }

  private addMoments(encoded: EncodedRows, chunk: TableChunk, kept: readonly number[]): void {
    if (kept.length === 0) return;
    this.target = combine(this.target, momentsOf(Float64Array.from(kept, (i) => this.targetOf(encoded, i))));
    for (const { name, typical } of this.fit.recipe.inputs) {
      const column = chunk.columns.get(name);
      if (!typical || !("mean" in typical) || column?.kind !== "number") continue;
      const values = Float64Array.from(kept, (i) => column.values[encoded.indices[i]]);
      const before = this.inputs.get(name);
      const range = rangeOf(values, before);
      if (range) this.inputs.set(name, { ...combine(before ?? noMoments, momentsOf(values)), ...range });
    }
  }

  finish(memory: EngineMemory, rowsRead: number, label: string): NewRowsOfFit {
    if (rowsRead === 0) throw new InputError(`There are no rows in ${label}; check the file or the query.`);
    if (this.count === 0)
      throw new InputError(
        `None of the ${formatCount(rowsRead)} rows of ${label} has every value that the formula uses, so there is nothing to learn from.`,
      );
    const { stride, hasOffset, hasWeights, count: numRows } = this;
    const address = memory.allocate(4 * numRows * stride);
    const rows = memory.f32(address, numRows * stride);
    let at = 0;
    for (const part of this.parts) {
      rows.set(part, at);
      at += part.length;
    }
    const numColumns = this.template.length;
    const paddedColumns = paddedFloats(numColumns);
    return {
      rows: { address, numRows, numColumns, paddedColumns, stride, hasOffset, hasWeights },
      droppedRows: rowsRead - numRows - this.zeroWeightRows,
      zeroWeightRows: this.zeroWeightRows,
      target: this.target,
      inputs: this.inputs,
    };
  }
}
