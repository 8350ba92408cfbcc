import { InputError } from "../errors.ts";
import { CompleteRowReader, type CompleteRows } from "../table/complete-rows.ts";
import { requireComputableWeights } from "../table/computable.ts";
import { combine, type Moments, momentsOf } from "../table/moments.ts";
import { formatCount, type TableSource } from "../table/table-source.ts";
import type { ContentHash } from "./blocks/content-hash.ts";
import type { CompiledFormula } from "./compile-formula.ts";
import type { DesignOptions } from "./design-types.ts";
import type { GroupLevelReader } from "./groups/group-levels.ts";
import { TypicalValues } from "./recipe/typical-values.ts";
import type { RoomWatch } from "./room-watch.ts";
import type { TermRows } from "./term-rows.ts";

/** Calls `visit` with the complete rows of every chunk of a table, and tells its listener which of the two passes it is. */
export type RowPass = (
  visit: (rows: CompleteRows, reader: CompleteRowReader) => void | Promise<void>,
  pass: 1 | 2,
) => Promise<CompleteRowReader>;

/** Passes over the rows that a formula reads of a table. */
export function passOver(
  source: TableSource,
  { names, texts, weights }: CompiledFormula,
  { signal, onProgress }: DesignOptions,
): RowPass {
  return async (visit, pass) => {
    const reader = new CompleteRowReader(weights?.read);
    for await (const chunk of source.chunks(names, texts)) {
      signal?.throwIfAborted();
      await visit(reader.read(chunk), reader);
      onProgress?.(reader.rowsRead, pass);
    }
    return reader;
  };
}

/** What the first pass tells beside the moments of terms and target, which these gather themselves. */
export interface FirstPass {
  readonly numRows: number;
  readonly droppedRows: number;
  readonly zeroWeightRows: number;
  /** The levels of columns of text. */
  readonly textLevels: ReadonlyMap<string, readonly string[]>;
  readonly offsetMean: number;
  readonly largestOffset: number;
  readonly typical: TypicalValues;
}

/** @throws InputError where no row is left, a value cannot be used, or `watch` has seen enough */
export async function firstPass(
  pass: RowPass,
  { target, offset, weights, texts, factors }: CompiledFormula,
  {
    terms,
    groups,
    watch,
    content,
  }: { terms: readonly TermRows[]; groups?: GroupLevelReader; watch: RoomWatch; content?: ContentHash },
  label: string,
): Promise<FirstPass> {
  const textLevels = new Map<string, readonly string[]>();
  let offsetMoments: Moments = { count: 0, mean: 0, squares: 0 };
  let largestOffset = 0;
  const typical = new TypicalValues(factors, texts);
  const reader = await pass(async (rows, reader) => {
    for (const [name, column] of rows.chunk.columns)
      if (column.kind === "category" && !texts.has(name)) textLevels.set(name, column.levels);
    if (rows.chunk.numRows === 0) return;
    content?.add(rows.chunk);
    typical.add(rows.chunk);
    const cached = new Map<string, Float64Array | Int32Array>();
    for (const term of terms) term.addMoments(term.read(rows, cached));
    target.add(target.read(rows), rows);
    groups?.add(rows);
    if (offset) {
      const offsets = offset(rows);
      offsetMoments = combine(offsetMoments, momentsOf(offsets));
      for (const value of offsets) largestOffset = Math.max(largestOffset, Math.abs(value));
    }
    await watch.look(reader);
  }, 1);
  const { droppedRows, zeroWeightRows } = reader;
  const numRows = reader.rowsRead - droppedRows - zeroWeightRows;
  if (numRows === 0) throw noRows(reader, label);
  refuseManyProducts(terms, numRows);
  if (weights) requireComputableWeights(reader.weightSum);
  return { numRows, droppedRows, zeroWeightRows, textLevels, offsetMean: offsetMoments.mean, largestOffset, typical };
}

function noRows(reader: CompleteRowReader, label: string): InputError {
  if (reader.rowsRead === 0) return new InputError(`There are no rows in ${label}; check the file or the query.`);
  if (reader.zeroWeightRows > 0)
    return new InputError("Every complete row has weight 0, so nothing counts; give some rows a weight above 0.");
  const [name, count] = [...reader.missing].sort((a, b) => b[1] - a[1])[0];
  return new InputError(
    `None of the ${formatCount(reader.rowsRead)} rows is complete: each misses a value that the formula uses, most often in column "${name}" (${formatCount(count)} rows); leave that column out, or fill it in.`,
  );
}

/** Of a term that is a product of so many factors, the data have to tell something, or it is nothing but work. */
const factorsOfHighProducts = 3;

/** @throws InputError where there are more products of three factors and more than rows */
function refuseManyProducts(terms: readonly TermRows[], numRows: number): void {
  const count = terms.filter(({ factorNames }) => factorNames.length >= factorsOfHighProducts).length;
  if (count <= numRows) return;
  throw new InputError(
    `The formula makes ${formatCount(count)} products of three factors or more, and there are ${formatCount(numRows)} rows to tell them apart; take products of two, as in (a + b + c)^2, or fewer factors.`,
  );
}
