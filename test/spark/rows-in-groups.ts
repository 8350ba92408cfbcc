import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export const numFiles = 4;
export const numPlaces = 200;
/** Each place is a shop of a region. */
export const numRegions = 15;
const rowsOfFile = 1500;
export const numRows = numFiles * rowsOfFile;

/** Writes files of rows whose groups are spread over all of them: events that depend on their place, with weights, some of them 0. */
export async function groupedFiles(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const uniform = (k: number, of = "i") => `((hash(${of} * 16 + ${k} + 1000003) % 1000003) / 1000003)`;
  const normal = (k: number) => `(sqrt(-2 * ln(${uniform(k, "p")} + 1e-9)) * cos(2 * pi() * ${uniform(k + 1, "p")}))`;
  for (let file = 0; file < numFiles; file++) {
    const rows = `select i, p, 4 * ${uniform(1)} - 2 as x, ['a', 'b', 'c'][1 + i % 3] as kind, ${uniform(2)} as u, i % 5 as w
      from (select i, (i * i + i // 7) % ${numPlaces} as p from range(${file * rowsOfFile}, ${(file + 1) * rowsOfFile}) t(i))`;
    const query = `select u < 1 / (1 + exp(-(0.8 * x - 0.5 + 0.9 * ${normal(5)} + 0.4 * x * ${normal(9)}))) as late, 'place ' || p as place, p as code, kind,
      'region ' || (p % ${numRegions}) as region, p // ${numRegions} as shop,
      if(i % 501 = 3, null, x) as x, w, (u * 4)::int as hits, 4 as trials, x / 3 as shift from (${rows})`;
    await connection.run(`copy (${query}) to '${join(folder, `${file}.parquet`)}' (format parquet)`);
  }
  connection.closeSync();
  instance.closeSync();
}
