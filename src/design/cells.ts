import { CompleteRowReader, type CompleteRows } from "../table/complete-rows.ts";
import { cellCount, type NumberColumn, type TableSource } from "../table/table-source.ts";
import type { CompiledFormula } from "./compile-formula.ts";
import type { DesignOptions } from "./design-types.ts";
import { valuesOf } from "./fill.ts";
import type { RowPass } from "./first-pass.ts";
import type { CountNonZeros } from "./sparse-design.ts";
import type { TermRows, TermValues } from "./term-rows.ts";

/** Rows that agree in every column that the model reads, once each. */
export interface DesignCells {
  /** Cells that are kept, as rows are. */
  readonly numCells: number;
  /** How many rows each stands for. */
  readonly counts: Float64Array;
  /** Among the cells: the terms have counted the rows. */
  readonly countNonZeros: CountNonZeros;
  /** A pass over them, in which a row's weight is that of a cell: its own times its count. */
  readonly pass: RowPass;
}

/**
 * The cells of a table, where it knows them and they are far fewer than its rows.
 * @param terms that have seen all rows
 */
export async function cellsOf(
  source: TableSource,
  { names, texts, weights }: CompiledFormula,
  terms: readonly TermRows[],
  { signal }: Pick<DesignOptions, "signal">,
): Promise<DesignCells | undefined> {
  const chunks = await source.cells?.(names, texts);
  if (!chunks) return undefined;
  const weightsOf = (rows: CompleteRows) => {
    const counts = countsOf(rows);
    return weights ? weights.read(rows).map((weight, i) => weight * counts[i]) : counts;
  };
  const pass: RowPass = async (visit) => {
    const reader = new CompleteRowReader(weightsOf);
    for await (const chunk of chunks()) {
      signal?.throwIfAborted();
      await visit(reader.read(chunk), reader);
    }
    return reader;
  };
  const counts: number[] = [];
  const nonZeros = new Map(terms.map((term) => [term, new Float64Array(term.numCells)]));
  await pass((rows) => {
    // One by one: a chunk may have more of them than a call takes arguments.
    for (const count of countsOf(rows)) counts.push(count);
    for (const [term, values] of valuesOf(terms, rows)) addNonZeros(nonZeros.get(term)!, values);
  }, 1);
  const countNonZeros: CountNonZeros = (term, cell) => nonZeros.get(term)?.[cell] ?? 0;
  return { numCells: counts.length, counts: Float64Array.from(counts), countNonZeros, pass };
}

function addNonZeros(counts: Float64Array, { cells, values }: TermValues): void {
  const entries = (cells ?? values)?.length ?? 0;
  for (let entry = 0; entry < entries; entry++) if ((values?.[entry] ?? 1) !== 0) counts[cells?.[entry] ?? 0]++;
}

/** The table gives them beside its columns. */
function countsOf({ chunk }: CompleteRows): Float64Array {
  return (chunk.columns.get(cellCount) as NumberColumn).values;
}
