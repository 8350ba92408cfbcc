import { type EncodedRows, type EncodeOptions, RowEncoder } from "../design/recipe/encode-rows.ts";
import type { ModelRecipe } from "../prediction/predictive-fit.ts";
import type { Column, TableChunk, TableSource } from "../table/table-source.ts";
import type { ByGroups } from "./by-groups.ts";
import { changed, type Variant } from "./variants.ts";

/** Some rows in every variant. */
export interface VariedRows {
  /** The same complete rows, variant by variant. */
  readonly variants: readonly EncodedRows[];
  /** The group of each of them, −1 where it is of none. */
  readonly groups: Int32Array;
}

/** Which rows of a chunk are wanted, by the groups of all; undefined for all of them. */
export type ChooseRows = (groups: Int32Array) => Int32Array | undefined;

/** Rows times variants that are encoded at once. */
const encodedAtOnce = 8192;

/** A table's rows in several variants each. The encoders of all variants see the same rows, so that they leave out the same. */
export class VariedRowReader {
  /** Complete rows that were left out as they are of no group. */
  withoutGroup = 0;
  private readonly encoders: readonly RowEncoder[];

  /** @throws InputError where the table misses a column, or has one of a type that cannot be read */
  constructor(
    recipe: ModelRecipe,
    private readonly source: TableSource,
    private readonly variants: readonly Variant[],
    private readonly by: { readonly names: readonly string[]; readonly groups: ByGroups },
    private readonly options: EncodeOptions,
  ) {
    this.encoders = variants.map(() => new RowEncoder(recipe, source, options));
  }

  /** What was read, and what of it is to be told. */
  get encoder(): RowEncoder {
    return this.encoders[0];
  }

  /** Rows of variants whose levels occur in the fit, but not together. */
  get newCombinations(): number {
    return this.encoders.reduce((sum, encoder) => sum + encoder.newCombinations, 0);
  }

  /** @throws InputError where a value cannot be used */
  async *read(choose: ChooseRows = () => undefined): AsyncGenerator<VariedRows> {
    const { names, texts } = this.encoder.wanted;
    const wanted = [...new Set([...names, ...this.by.names])];
    for await (const chunk of this.source.chunks(wanted, texts)) {
      this.options.signal?.throwIfAborted();
      const groups = this.by.groups.read(chunk);
      const chosen = choose(groups);
      const size = Math.max(64, Math.floor(encodedAtOnce / this.variants.length));
      for (const part of partsOf(chunk, chosen, size)) yield this.encodePart(part, groups);
    }
  }

  private encodePart({ rows, numbers }: RowsOfChunk, groups: Int32Array): VariedRows {
    const variants = this.encoders.map((encoder, v) =>
      encoder.encodeNext(rows, (chunk) => changed(chunk, this.variants[v])),
    );
    const { indices } = variants[0];
    const ofRows = Int32Array.from(indices, (index) => groups[numbers(index)]);
    for (const group of ofRows) if (group < 0) this.withoutGroup++;
    return { variants, groups: ofRows };
  }
}

/** Rows of a chunk, and for each of them its number in the chunk. */
interface RowsOfChunk {
  readonly rows: TableChunk;
  readonly numbers: (row: number) => number;
}

function* partsOf(chunk: TableChunk, chosen: Int32Array | undefined, size: number): Generator<RowsOfChunk> {
  const count = chosen?.length ?? chunk.numRows;
  for (let from = 0; from < count; from += size) {
    const to = Math.min(from + size, count);
    const own = chosen?.subarray(from, to);
    const columns = new Map([...chunk.columns].map(([name, column]) => [name, rowsOf(column, own ?? [from, to])]));
    yield { rows: { numRows: to - from, columns }, numbers: own ? (row) => own[row] : (row) => from + row };
  }
}

/** Some rows of a column, by their numbers or from one to another. */
function rowsOf(column: Column, rows: Int32Array | readonly [number, number]): Column {
  const isRange = Array.isArray(rows);
  if (column.kind === "number") {
    const { values } = column;
    return {
      kind: "number",
      values: isRange ? values.subarray(rows[0], rows[1]) : Float64Array.from(rows, (i) => values[i]),
    };
  }
  const { codes } = column;
  return {
    ...column,
    codes: isRange ? codes.subarray(rows[0], rows[1]) : Int32Array.from(rows as Int32Array, (i) => codes[i]),
  };
}
