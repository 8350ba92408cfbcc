import { DuckDBInstance } from "@duckdb/node-api";
import type { Posterior } from "../src/posterior/fit.ts";

/** Writes the kept draws as Parquet: columns chain, draw and one for each coefficient, on the original scale. */
export async function writeDraws(posterior: Posterior, path: string): Promise<void> {
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
