import { join } from "node:path";
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { makeTemporaryFolder, removeTemporary } from "../../src/duckdb/files/temporaries.ts";
import { openDuckDB } from "../../src/duckdb/instance.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { writeAllWhole, writeWhole } from "../../src/persistence/whole-files-node.ts";
import { drawsOf } from "../../src/prediction/predictive-fit.ts";
import { distinctNames } from "../../src/table/distinct-names.ts";
import { quoted, sqlText } from "../../src/table/sql-text.ts";
import { tellRenamed } from "./renamed-columns.ts";
import { cmdstanPaths, writeCmdstan } from "./write-cmdstan.ts";

/** Writes the kept draws: CmdStan's CSV where the path ends in .csv, else Parquet. */
export async function writeDraws(posterior: Posterior, path: string, version: string): Promise<void> {
  if (!/\.csv$/i.test(path)) return writeParquet(posterior, path);
  const paths = cmdstanPaths(path, posterior.settings.chains);
  return writeAllWhole(paths, (temporary, chain) => writeCmdstan(posterior, chain, temporary, version));
}

/** Parquet of more columns than this is of little use to anyone. */
const maxColumns = 2000;

/**
 * Writes the kept draws as Parquet, on the original scale: columns chain, draw and one for each coefficient; of thousands of
 * coefficients columns coefficient, chain and one for each draw.
 */
async function writeParquet(posterior: Posterior, path: string): Promise<void> {
  const names = [...posterior.draws.keys()];
  const isWide = names.length > maxColumns;
  const columns = isWide ? [] : distinctNames(names, ["chain", "draw"]);
  const duckdb = await openDuckDB("Parquet", { threads: "1" });
  try {
    const connection = await duckdb.instance.connect();
    await writeWhole(path, async (temporary) => {
      if (isWide) return writeRows(connection, posterior, temporary);
      await fillColumns(connection, posterior, columns);
      await copy(connection, "draws", temporary);
    });
  } finally {
    duckdb.close();
  }
  if (!isWide) tellRenamed(path, names, columns);
}

async function copy(connection: DuckDBConnection, what: string, path: string, options = ""): Promise<void> {
  await connection.run(`copy ${what} to ${sqlText(path)} (format parquet${options})`);
}

async function fillColumns(
  connection: DuckDBConnection,
  { draws, settings }: Posterior,
  names: readonly string[],
): Promise<void> {
  const columns = names.map((name) => `${quoted(name)} double`);
  const appender = await appenderOf(connection, `chain integer, draw integer, ${columns.join(", ")}`);
  const values = [...draws.values()];
  for (let chain = 0; chain < settings.chains; chain++) {
    for (let draw = 0; draw < settings.draws; draw++) {
      appender.appendInteger(chain);
      appender.appendInteger(draw);
      for (const chains of values) appender.appendDouble(chains[chain][draw]);
      appender.endRow();
    }
  }
  appender.closeSync();
}

/** Rows that are in memory at once, of some hundred numbers each. */
const rowsAtOnce = 16_384;

/**
 * A table of so many rows and columns would take more memory than the draws themselves: parts of it are written to files, which
 * are put together. In single precision, as so many draws are kept.
 */
async function writeRows(
  connection: DuckDBConnection,
  posterior: Pick<Posterior, "draws" | "settings">,
  path: string,
): Promise<void> {
  const { draws, settings } = posterior;
  const columns = Array.from({ length: settings.draws }, (_, draw) => `draw${draw + 1} float`);
  const definition = `coefficient varchar, chain integer, ${columns.join(", ")}`;
  const folder = makeTemporaryFolder();
  const parts: string[] = [];
  try {
    const names = [...draws.keys()];
    const step = Math.floor(rowsAtOnce / settings.chains);
    for (let first = 0; first < names.length; first += step) {
      const appender = await appenderOf(connection, definition);
      for (const name of names.slice(first, first + step)) {
        drawsOf(posterior, name).forEach((values, chain) => {
          appender.appendVarchar(name);
          appender.appendInteger(chain);
          // Number by number: lists would be made of objects, gigabytes of them.
          for (const value of values) appender.appendFloat(value);
          appender.endRow();
        });
      }
      appender.closeSync();
      const part = join(folder, `${parts.length}.parquet`);
      await copy(connection, "draws", part);
      parts.push(part);
    }
    const whole = `(select * from read_parquet([${parts.map(sqlText).join(", ")}]))`;
    await copy(connection, whole, path, `, row_group_size ${rowsAtOnce}`);
  } finally {
    removeTemporary(folder);
  }
}

async function appenderOf(connection: DuckDBConnection, columns: string): Promise<DuckDBAppender> {
  await connection.run(`create or replace table draws (${columns})`);
  return connection.createAppender("draws");
}
