import { CompleteRowReader, type CompleteRows } from "../table/complete-rows.ts";
import type { TableSource } from "../table/table-source.ts";
import type { ContentHash } from "./blocks/content-hash.ts";
import type { CompiledFormula } from "./compile-formula.ts";
import type { DesignOptions } from "./design-types.ts";
import type { GroupLevelReader } from "./groups/group-levels.ts";
import type { RoomWatch } from "./room-watch.ts";
import type { FirstPass, RowStatistics } from "./row-statistics.ts";

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

/** @throws InputError where no row is left, a value cannot be used, or `watch` has seen enough */
export async function firstPass(
  pass: RowPass,
  gathered: RowStatistics,
  { groups, watch, content }: { groups?: GroupLevelReader; watch: RoomWatch; content?: ContentHash },
  label: string,
): Promise<FirstPass> {
  const reader = await pass(async (rows, reader) => {
    gathered.look(rows);
    if (rows.chunk.numRows === 0) return;
    content?.add(rows.chunk);
    gathered.add(rows);
    groups?.add(rows);
    await watch.look(reader);
  }, 1);
  return gathered.finish(reader, label);
}
