import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import type { Posterior } from "../src/posterior/posterior.ts";
import { writeAllWhole, writeWhole } from "../src/posterior/whole-files-node.ts";
import { cmdstanPaths, writeCmdstan } from "./write-cmdstan.ts";

/** Writes the kept draws: CmdStan's CSV where the path ends in .csv, else Parquet. */
export async function writeDraws(posterior: Posterior, path: string, version: string): Promise<void> {
  if (!/\.csv$/i.test(path)) return writeWhole(path, (temporary) => writeParquet(posterior, temporary));
  const paths = cmdstanPaths(path, posterior.settings.chains);
  return writeAllWhole(paths, (temporary, chain) => writeCmdstan(posterior, chain, temporary, version));
}

/** Parquet of more columns than this is of little use to anyone. */
const mostColumns = 2000;

/**
 * Writes the kept draws as Parquet, on the original scale: columns chain, draw and one for each coefficient; of thousands of
 * coefficients columns coefficient, chain and one for each draw.
 */
async function writeParquet(posterior: Posterior, path: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const hasRows = posterior.draws.size > mostColumns;
  // What does not fit goes to a folder, which DuckDB removes at the end.
  const spilling = { memory_limit: "1GB", temp_directory: join(tmpdir(), `ornstein-draws-${process.pid}`) };
  const instance = await DuckDBInstance.create(":memory:", hasRows ? spilling : {});
  const connection = await instance.connect();
  if (hasRows) await fillRows(connection, posterior);
  else await fillColumns(connection, posterior);
  await connection.run(`copy draws to '${path.replaceAll("'", "''")}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
}

async function fillColumns(connection: DuckDBConnection, { draws, settings }: Posterior): Promise<void> {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  const columns = [...draws.keys()].map((name) => `${quoted(name)} double`);
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

/** Number by number: lists would be made of objects, gigabytes of them. */
async function fillRows(connection: DuckDBConnection, { draws, settings }: Posterior): Promise<void> {
  const columns = Array.from({ length: settings.draws }, (_, draw) => `draw${draw + 1} double`);
  const appender = await appenderOf(connection, `coefficient varchar, chain integer, ${columns.join(", ")}`);
  for (const [name, chains] of draws) {
    chains.forEach((values, chain) => {
      appender.appendVarchar(name);
      appender.appendInteger(chain);
      for (const value of values) appender.appendDouble(value);
      appender.endRow();
    });
  }
  appender.closeSync();
}

async function appenderOf(connection: DuckDBConnection, columns: string): Promise<DuckDBAppender> {
  await connection.run(`create table draws (${columns})`);
  return connection.createAppender("draws");
}
