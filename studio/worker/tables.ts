import { InputError } from "../../src/errors.ts";
import { type StoredColumns, storedTable } from "../../src/table/stored-table.ts";
import type { Column, SurveyWanted, TableSource } from "../../src/table/table-source.ts";
import type { OpenTable, Server } from "./protocol.ts";
import { readCsv } from "./read-csv.ts";
import { readParquet } from "./read-parquet.ts";

/** A table whose columns can be looked at one by one. */
export interface StudioTable {
  readonly about: OpenTable;
  readonly source: TableSource;
  column(name: string): Promise<Column>;
}

/** Rows of a chunk in which the command reads text. */
const chunkRows = 2048;

/** A file that is read in the page, by readers that refuse what the command might take in another way. */
export async function openInPage(file: File): Promise<StudioTable> {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (file.size === 0) throw new InputError(`${file.name} is empty; it needs at least a row of data.`);
  const isParquet = String.fromCharCode(...start) === "PAR1";
  const { columns, chunkSizes } = isParquet
    ? await readParquet(file)
    : { columns: await readCsv(file), chunkSizes: undefined };
  const byName = new Map(columns.map(({ info, column }) => [info.name, column]));
  const [first] = columns;
  const numRows = lengthOf(first.column);
  const sizes = chunkSizes ?? Array.from({ length: Math.ceil(numRows / chunkRows) }, () => chunkRows);
  const infos = columns.map(({ info }) => info);
  const column = async (name: string) => byName.get(name)!;
  const source = storedTable({ columns: infos, numRows, label: file.name, column, chunkSizes: sizes });
  const fileTypes = Object.fromEntries(
    infos.flatMap(({ name, sourceType }) => (sourceType ? [[name, sourceType]] : [])),
  );
  return {
    about: { label: file.name, path: file.name, reader: "page", numRows, columns: infos, notes: [] },
    source: { ...source, fileTypes },
    column,
  };
}

const lengthOf = (column: Column) => (column.kind === "number" ? column.values.length : column.codes.length);

/** What the server tells of a table (cli/studio/tables.ts). */
type ServedTable = Omit<OpenTable, "reader"> & Pick<TableSource, "fileTypes" | "relation"> & { readonly id: number };

/** A file that the command reads, behind the page. */
export async function openDropped(file: File, server: Server): Promise<StudioTable> {
  return served(
    await ask<ServedTable>(server, `tables?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file }),
    server,
  );
}

/** The table that the command was started with; none where it was started without. */
export async function openGiven(server: Server): Promise<StudioTable | undefined> {
  const about = await ask<ServedTable | null>(server, "tables/given");
  return about === null ? undefined : served(about, server);
}

function served({ id, fileTypes, relation, ...about }: ServedTable, server: Server): StudioTable {
  const columns = new Map<string, Promise<ServedColumn>>();
  const read = (name: string, isText = false) => {
    const path = `tables/${id}/column?name=${encodeURIComponent(name)}${isText ? "&text" : ""}`;
    const found = columns.get(path) ?? columnFrom(server, path);
    columns.set(path, found);
    return found;
  };
  const column = async (name: string) => (await read(name)).column;
  const given: StoredColumns = { ...about, label: about.label, column };
  const source: TableSource = {
    ...storedTable(given),
    notes: about.notes,
    fileTypes,
    relation,
    async *chunks(names, texts) {
      const isText = (name: string) => texts?.has(name) ?? false;
      // Chunks of the same rows, so that sums over them are the same to the last bit.
      const chunkSizes = names.length === 0 ? undefined : (await read(names[0], isText(names[0]))).chunkSizes;
      const column = async (name: string) => (await read(name, isText(name))).column;
      yield* storedTable({ ...given, column, chunkSizes }).chunks(names, texts);
    },
    survey: (wanted: SurveyWanted, sample: boolean) =>
      ask(server, `tables/${id}/survey`, { method: "POST", body: JSON.stringify({ wanted, sample }) }),
    texts: (name) => ask(server, `tables/${id}/texts?name=${encodeURIComponent(name)}`),
    firstUnlike: async (name, pattern) =>
      (
        await ask<{ found?: { text: string; rows: number; firstRow: number } }>(server, `tables/${id}/unlike`, {
          method: "POST",
          body: JSON.stringify({ name, pattern }),
        })
      ).found,
    close: () => ask(server, `tables/${id}`, { method: "DELETE" }),
  };
  return { about: { ...about, reader: "command" }, source, column };
}

interface ServedColumn {
  readonly column: Column;
  readonly chunkSizes: readonly number[];
}

async function columnFrom(server: Server, path: string): Promise<ServedColumn> {
  const bytes = await (await answerOf(server, path)).arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const { chunkSizes, levels, isOrdered } = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as {
    readonly chunkSizes: readonly number[];
    readonly levels?: readonly string[];
    readonly isOrdered?: boolean;
  };
  const start = Math.ceil((4 + length) / 8) * 8;
  const column: Column = levels
    ? { kind: "category", codes: new Int32Array(bytes, start), levels, ...(isOrdered && { isOrdered }) }
    : { kind: "number", values: new Float64Array(bytes, start) };
  return { column, chunkSizes };
}

async function ask<Result>(server: Server, path: string, request?: RequestInit): Promise<Result> {
  return (await answerOf(server, path, request)).json();
}

/** @throws InputError with the server's sentence */
async function answerOf({ token, base }: Server, path: string, request?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${base}${path}`, { ...request, headers: { "x-ornstein-token": token } });
  } catch {
    throw new InputError("ornstein studio does not answer any more; start it again, and load the page again.");
  }
  if (response.ok) return response;
  const { problem } = (await response.json().catch(() => ({}))) as { readonly problem?: string };
  throw new InputError(problem ?? `ornstein studio answers with status ${response.status}; start it again.`);
}
