import type { Posterior } from "../src/posterior/fit.ts";
import { writeAllWhole, writeWhole } from "../src/posterior/whole-files-node.ts";
import { cmdstanPaths, writeCmdstan } from "./write-cmdstan.ts";

/** Writes the kept draws: CmdStan's CSV where the path ends in .csv, else Parquet. */
export async function writeDraws(posterior: Posterior, path: string, version: string): Promise<void> {
  if (!/\.csv$/i.test(path)) return writeWhole(path, (temporary) => writeParquet(posterior, temporary));
  const paths = cmdstanPaths(path, posterior.settings.chains);
  return writeAllWhole(paths, (temporary, chain) => writeCmdstan(posterior, chain, temporary, version));
}

/** Writes the kept draws as Parquet: columns chain, draw and one for each coefficient, on the original scale. */
async function writeParquet(posterior: Posterior, path: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const names = [...posterior.draws.keys()];
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
  await connection.run(
    `create table draws (chain integer, draw integer, ${names.map((name) => `${quoted(name)} double`).join(", ")})`,
  );
  const appender = await connection.createAppender("draws");
  for (let chain = 0; chain < posterior.settings.chains; chain++) {
    for (let draw = 0; draw < posterior.settings.draws; draw++) {
      appender.appendInteger(chain);
      appender.appendInteger(draw);
      for (const name of names) appender.appendDouble(posterior.draws.get(name)![chain][draw]);
      appender.endRow();
    }
  }
  appender.closeSync();
  await connection.run(`copy draws to '${path.replaceAll("'", "''")}' (format parquet)`);
  connection.closeSync();
  instance.closeSync();
}
