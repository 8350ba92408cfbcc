import { InputError } from "../src/data/errors.ts";
import { optionalPackage } from "../src/data/optional-package.ts";
import type { PredictionColumns } from "../src/prediction/row-predictor.ts";
import { writeWhole } from "./outputs.ts";

/** Predictions of some rows, in their order. */
interface PredictedRows {
  readonly numRows: number;
  readonly columns: PredictionColumns;
}

const formats: Readonly<Record<string, string>> = {
  csv: "format csv, header",
  parquet: "format parquet",
  jsonl: "format json",
};

/**
 * Reads all chunks, and writes them: CSV, Parquet or JSON lines by the file's ending, CSV on standard output where the path
 * is "-", nowhere where there is none. Every row has its number in the data, from 1, in the column `row`.
 *
 * @throws InputError where the ending is none of these (before a chunk is read), and as the chunks
 */
export async function writePredictions(path: string | undefined, chunks: AsyncIterable<PredictedRows>): Promise<void> {
  if (path === "-") return writeToStandardOutput(chunks);
  if (path !== undefined) return writeFile(path, chunks);
  for await (const _ of chunks);
}

async function writeFile(path: string, chunks: AsyncIterable<PredictedRows>): Promise<void> {
  const format = formats[/\.([a-z]+)$/i.exec(path)?.[1].toLowerCase() ?? ""];
  if (!format)
    throw new InputError(`"${path}" cannot be written: --out takes a file that ends in .csv, .parquet or .jsonl.`);
  const { DuckDBInstance } = await optionalPackage(
    "@duckdb/node-api",
    "Writing files",
    () => import("@duckdb/node-api"),
  );
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    let appender: Awaited<ReturnType<typeof connection.createAppender>> | undefined;
    let row = 0;
    for await (const { numRows, columns } of chunks) {
      const entries = Object.entries(columns);
      if (!appender) {
        const types = entries.map(
          ([name, values]) => `"${name.replaceAll('"', '""')}" ${Array.isArray(values) ? "varchar" : "double"}`,
        );
        await connection.run(`create table predictions ("row" bigint, ${types.join(", ")})`);
        appender = await connection.createAppender("predictions");
      }
      for (let i = 0; i < numRows; i++) {
        appender.appendBigInt(BigInt(++row));
        for (const [, values] of entries) {
          const value = values[i];
          if (value === null || Number.isNaN(value)) appender.appendNull();
          else if (typeof value === "string") appender.appendVarchar(value);
          else appender.appendDouble(value);
        }
        appender.endRow();
      }
    }
    appender?.closeSync();
    await writeWhole(path, async (temporary) => {
      await connection.run(`copy predictions to '${temporary.replaceAll("'", "''")}' (${format})`);
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function writeToStandardOutput(chunks: AsyncIterable<PredictedRows>): Promise<void> {
  let row = 0;
  for await (const { numRows, columns } of chunks) {
    const values = Object.values(columns);
    const lines = row === 0 ? [["row", ...Object.keys(columns).map(csvCell)].join()] : [];
    for (let i = 0; i < numRows; i++) lines.push([++row, ...values.map((column) => csvCell(column[i]))].join());
    // Waits where the reader of a pipe is slower.
    if (!process.stdout.write(`${lines.join("\n")}\n`)) await new Promise((done) => process.stdout.once("drain", done));
  }
}

function csvCell(value: number | string | null): string {
  if (value === null || Number.isNaN(value)) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
