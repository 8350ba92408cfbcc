import type { DistantColumn } from "../engine/distant-parts.ts";
import type { Column, ColumnInfo, TableChunk, TableSource } from "../table/table-source.ts";
import type { Frame } from "./frames.ts";

/** What a frame of rows says of itself; its columns' numbers and codes follow one another in its bytes. */
interface RowsFrame {
  readonly numRows: number;
  /** The different texts of a column that is read as whole texts. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** A table whose rows come once, in frames, until one says that no more come. */
export function framedTable(
  infos: readonly ColumnInfo[],
  columns: readonly DistantColumn[],
  frames: AsyncIterator<Frame>,
): TableSource & { drain(): Promise<void>; isAtEnd(): boolean } {
  let isAtEnd = false;
  async function* chunks(names: readonly string[]): AsyncGenerator<TableChunk> {
    if (isAtEnd) throw new TypeError("The rows of a part are read once.");
    for (;;) {
      const { done, value } = await frames.next();
      if (done) throw new Error("The rows of a part have no end.");
      if (value.content === "end") break;
      const all = columnsIn(value, columns);
      yield {
        numRows: (value.content as RowsFrame).numRows,
        columns: new Map(names.map((name) => [name, all.get(name)!])),
      };
    }
    isAtEnd = true;
  }
  return {
    columns: infos,
    chunks,
    isAtEnd: () => isAtEnd,
    /** Passes over what was not read, as whoever sends it does not stop. */
    async drain() {
      while (!isAtEnd) {
        const { done, value } = await frames.next();
        isAtEnd = done === true || value.content === "end";
      }
    },
  };
}

function columnsIn({ content, data }: Frame, columns: readonly DistantColumn[]): ReadonlyMap<string, Column> {
  const { numRows, texts } = content as RowsFrame;
  let at = 0;
  const take = (bytes: number) => {
    const part = data.slice(at, at + bytes).buffer;
    at += bytes;
    return part;
  };
  const found = columns.map(({ name, as, levels }): [string, Column] => {
    if (as === "number") return [name, { kind: "number", values: new Float64Array(take(8 * numRows)) }];
    const codes = new Int32Array(take(4 * numRows));
    const own = as === "boolean" ? ["false", "true"] : as === "levels" ? levels : texts[name];
    return [name, { kind: "category", codes, levels: own ?? [] }];
  });
  if (at !== data.length) throw new Error("A frame of rows has other bytes than its columns.");
  return new Map(found);
}
