import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export const numFiles = 6;
const rowsOfFile = 50_000;
export const numRows = numFiles * rowsOfFile;
/** Rows whose x is missing. */
export const numMissing = Math.ceil((numRows - 3) / 501);

/** Writes a file of rows: events that depend on what is beside them, with weights, some of them 0, and values that are missing. */
export async function writeFile(folder: string, file: number, { seed = 1, times = 1 } = {}): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const uniform = (k: number) => `((hash(i * 16 + ${k} + 1000003 * ${seed}) % 1000003) / 1000003)`;
  const rows = `select i, 4 * ${uniform(1)} - 2 as x, (i * 7 + i // 1000) % 24 as hour, ['a', 'b', 'c', 'd'][1 + i % 4] as kind, ${uniform(2)} as u, i % 5 as w
    from range(${file * rowsOfFile * times}, ${(file + 1) * rowsOfFile * times}) t(i)`;
  const query = `select u < 1 / (1 + exp(-(0.8 * x - 1 + hour / 24 + (kind = 'b')::int))) as late, hour, kind, if(i % 501 = 3, null, x) as x, w from (${rows})`;
  await connection.run(`copy (${query}) to '${join(folder, `${file}.parquet`)}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
}

/** @param times how many times as many rows each file has */
export async function filesOf(folder: string, times = 1): Promise<void> {
  for (let file = 0; file < numFiles; file++) await writeFile(folder, file, { times });
}
