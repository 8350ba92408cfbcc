import { openDuckDB } from "../../src/duckdb/instance.ts";
import { InputError } from "../../src/errors.ts";
import { outputPlace } from "../../src/persistence/output-place-node.ts";
import { writeWhole } from "../../src/persistence/whole-files-node.ts";
import type { PredictionColumns } from "../../src/prediction/row-predictor.ts";
import { distinctNames } from "../../src/table/distinct-names.ts";
import { quoted, sqlText } from "../../src/table/sql-text.ts";
import { tellRenamed } from "./renamed-columns.ts";
import { isStandardOutput, writeStandardOutput } from "./standard-output.ts";

/** Predictions of some rows, in their order. */
interface PredictedRows {
  readonly numRows: number;
  readonly columns: PredictionColumns;
}

/** Where predictions go. Every row has its number in the data, from 1, in the column `row`. */
export interface PredictionWriter {
  add(rows: PredictedRows): Promise<void>;
  /** Whether nothing can be written any more; `finish` throws why. */
  readonly isBroken: boolean;
  /** @throws InputError where the rows could not be written */
  finish(): Promise<void>;
  close(): void;
}

const formats: Readonly<Record<string, string>> = {
  csv: "format csv, header",
  parquet: "format parquet",
  jsonl: "format json",
};

/**
 * CSV, Parquet or JSON lines by the file's ending; CSV where the path is "-", standard output, and where it is a pipe or a
 * device without such an ending; nowhere where there is none.
 * @throws InputError where the ending is none of these
 */
export async function openPredictions(path: string | undefined): Promise<PredictionWriter> {
  if (path === undefined) return nowhere;
  return isStandardOutput(path) ? toStandardOutput() : toFile(path);
}

const nowhere: PredictionWriter = { add: async () => {}, isBroken: false, finish: async () => {}, close() {} };

async function toFile(path: string): Promise<PredictionWriter> {
  const ending = /\.([a-z]+)$/i.exec(path)?.[1].toLowerCase() ?? "";
  const format = formats[ending] ?? (outputPlace(path).isRenamed ? undefined : formats.csv);
  if (!format)
    throw new InputError(`"${path}" cannot be written: --out takes a file that ends in .csv, .parquet or .jsonl.`);
  const duckdb = await openDuckDB("Writing files");
  const connection = await duckdb.instance.connect();
  let appender: Awaited<ReturnType<typeof connection.createAppender>> | undefined;
  let names: readonly string[] = [];
  let row = 0;
  return {
    isBroken: false,
    async add({ numRows, columns }) {
      const values = Object.values(columns);
      if (!appender) {
        names = Object.keys(columns);
        const types = namesInFile(names).map(
          (name, k) => `${quoted(name)} ${Array.isArray(values[k]) ? "varchar" : "double"}`,
        );
        await connection.run(`create table predictions ("row" bigint, ${types.join(", ")})`);
        appender = await connection.createAppender("predictions");
      }
      for (let i = 0; i < numRows; i++) {
        appender.appendBigInt(BigInt(++row));
        for (const column of values) {
          const value = column[i];
          if (value === null || Number.isNaN(value)) appender.appendNull();
          else if (typeof value === "string") appender.appendVarchar(value);
          else appender.appendDouble(value);
        }
        appender.endRow();
      }
    },
    async finish() {
      appender?.closeSync();
      await writeWhole(path, async (temporary) => {
        await connection.run(`copy predictions to ${sqlText(temporary)} (${format})`);
      });
      tellRenamed(path, names, namesInFile(names));
    },
    close: duckdb.close,
  };
}

function toStandardOutput(): PredictionWriter {
  let row = 0;
  let failure: unknown;
  return {
    get isBroken() {
      return failure !== undefined;
    },
    async add({ numRows, columns }) {
      if (failure !== undefined) return;
      const values = Object.values(columns);
      const lines = row === 0 ? [["row", ...namesInFile(Object.keys(columns)).map(csvCell)].join()] : [];
      for (let i = 0; i < numRows; i++) lines.push([++row, ...values.map((column) => csvCell(column[i]))].join());
      await writeStandardOutput(`${lines.join("\n")}\n`).catch((error) => {
        failure = error;
      });
    },
    async finish() {
      if (failure !== undefined) throw failure;
    },
    close() {},
  };
}

const namesInFile = (names: readonly string[]) => distinctNames(names, ["row"]);

function csvCell(value: number | string | null): string {
  if (value === null || Number.isNaN(value)) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
