import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { removeTemporary, temporaryPath } from "../../src/duckdb/files/temporaries.ts";
import { openTable } from "../../src/duckdb/source.ts";
import { InputError } from "../../src/errors.ts";
import type { CategoryColumn, TableSource } from "../../src/table/table-source.ts";

/** What the command was started with. */
export interface GivenData {
  readonly path?: string;
  readonly sql?: string;
}

interface ServedTable {
  readonly source: TableSource;
  readonly about: { readonly label: string; readonly path: string; readonly sql?: string };
  close(): Promise<void>;
}

/** The number of the table that the command was started with, which pages do not close. */
const givenId = 0;

/** Tables of dropped files that are open at once; of more the oldest is closed. */
const mostTables = 4;

/** The tables behind the page, read as the command reads them. */
export class ServedTables {
  private readonly tables = new Map<number, ServedTable>();
  private givenTable: Promise<ServedTable> | undefined;
  private count = givenId + 1;

  constructor(private readonly given: GivenData) {}

  /** The table that the command was started with, one for all pages; null where it was started without. */
  async openGiven(): Promise<unknown> {
    const { path, sql } = this.given;
    if (path === undefined && sql === undefined) return null;
    this.givenTable ??= openHeld({ path, sql }).then((source) => {
      const label = path === undefined ? "the query" : basename(path);
      return { source, about: { label, path: path ?? "", sql }, close: async () => source.close?.() };
    });
    return described(givenId, await this.givenTable);
  }

  /** A file that was dropped on the page: its bytes go to a temporary folder, as DuckDB reads files. */
  async openDropped(name: string, bytes: Readable): Promise<unknown> {
    const folder = temporaryPath();
    await mkdir(folder, { mode: 0o700 });
    try {
      // The name tells the format; of a path only its last part is taken.
      const own = basename(name.replaceAll("\\", "/")).replaceAll(/[^\p{L}\p{N}._ -]/gu, "_") || "data";
      const path = join(folder, own.startsWith(".") ? `data${own}` : own);
      await pipeline(bytes, createWriteStream(path));
      const source = await openHeld({ path }).catch((error: unknown) => {
        if (error instanceof InputError) throw new InputError(error.message.replaceAll(path, name));
        throw error;
      });
      return this.keep({
        source,
        about: { label: name, path: name },
        close: async () => {
          await source.close?.();
          removeTemporary(folder);
        },
      });
    } catch (error) {
      removeTemporary(folder);
      throw error;
    }
  }

  /** @throws InputError where there is none of that number */
  async source(id: number): Promise<TableSource> {
    const table = id === givenId ? await this.givenTable : this.tables.get(id);
    if (!table) throw new InputError("This table is closed; open the file again.");
    return table.source;
  }

  async close(id: number): Promise<null> {
    const table = this.tables.get(id);
    this.tables.delete(id);
    await table?.close();
    return null;
  }

  async closeAll(): Promise<void> {
    await (await this.givenTable)?.close();
    for (const id of [...this.tables.keys()]) await this.close(id);
  }

  private async keep(table: ServedTable): Promise<unknown> {
    const id = this.count++;
    this.tables.set(id, table);
    for (const old of [...this.tables.keys()].slice(0, -mostTables)) await this.close(old);
    return described(id, table);
  }
}

function described(id: number, { source, about }: ServedTable): unknown {
  const { columns, numRows, notes = [], fileTypes, relation } = source;
  return { ...about, id, columns, numRows, notes, fileTypes, relation };
}

/** A table whose columns are read once, so that each can be asked for by itself. */
async function openHeld(given: GivenData): Promise<TableSource> {
  const source = await openTable(given);
  await source.hold?.(source.columns.filter(({ type }) => type !== "unsupported").map(({ name }) => name));
  return source;
}

/**
 * A whole column: a header in JSON, after its length, and the values from a multiple of 8 bytes on.
 * @param isText Whether its texts are wanted as they are, however many: their levels are in the order of their first row
 */
export async function columnBytes(source: TableSource, name: string, isText: boolean): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const chunkSizes: number[] = [];
  const dictionary = new Map<string, number>();
  let shape: Pick<CategoryColumn, "levels" | "isOrdered"> | undefined;
  for await (const { numRows, columns } of source.chunks([name], isText ? new Set([name]) : undefined)) {
    const column = columns.get(name)!;
    chunkSizes.push(numRows);
    if (column.kind === "category") shape = column;
    const values = column.kind === "number" ? column.values : isText ? codesIn(dictionary, column) : column.codes;
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  const { isOrdered } = shape ?? {};
  const levels = shape && (isText ? [...dictionary.keys()] : shape.levels);
  const header = Buffer.from(JSON.stringify({ chunkSizes, levels, isOrdered }));
  const start = Buffer.alloc(Math.ceil((4 + header.length) / 8) * 8);
  start.writeUInt32LE(header.length);
  header.copy(start, 4);
  return Buffer.concat([start, ...parts]);
}

/** A chunk's texts as codes of all texts so far. */
function codesIn(dictionary: Map<string, number>, { codes, levels }: CategoryColumn): Int32Array {
  return codes.map((code) => {
    if (code < 0) return -1;
    const text = levels[code];
    const known = dictionary.get(text) ?? dictionary.size;
    dictionary.set(text, known);
    return known;
  });
}
