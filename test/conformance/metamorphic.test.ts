import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { fit, predict } from "../../src/node.ts";
import { type Case, type Columns, cases, widePrior } from "../metamorphic/cases.ts";
import { checkTransformations } from "../metamorphic/property.ts";

// The cheap samplers in a hundred cases; test/slow/metamorphic.test.ts takes all of them in a thousand.
it("the posterior transforms as the data do, whatever the family", { timeout: 240_000 }, () =>
  checkTransformations(100, ["laplace", "laplace", "laplace", "conjugate"]),
);

const folder = mkdtempSync(join(tmpdir(), "ornstein-metamorphic-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick = { sampler: "laplace", chains: 2, draws: 100, threads: 1, ...widePrior };
const rowsOf = (data: Columns) =>
  data.x.map((_, n) => Object.fromEntries(Object.entries(data).map(([name, values]) => [name, values[n]])));

/** The case's table as CSV, and as Parquet made from the same values. */
async function files({ data }: Case, number: number): Promise<{ csv: string; parquet: string }> {
  const [csv, parquet] = [join(folder, `${number}.csv`), join(folder, `${number}.parquet`)];
  const lines = rowsOf(data).map((row) => Object.values(row).join());
  writeFileSync(csv, `${[Object.keys(data).join(), ...lines].join("\n")}\n`);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`copy (from read_csv('${csv}', sample_size = -1)) to '${parquet}'`);
  connection.closeSync();
  instance.closeSync();
  return { csv, parquet };
}

it("CSV, Parquet, rows and columns give the same draws, and the same predictions in one piece or several", {
  timeout: 240_000,
}, async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(cases(["laplace"]), async (given) => {
      const { data, family, terms, weights, seed } = given;
      const formula = `y ~ ${terms}`;
      const options = { ...quick, family, weights, seed };
      const { csv, parquet } = await files(given, number++);
      const columns = data as Record<string, readonly number[]>;
      const fits = [
        await fit({ data: columns, formula }, options),
        await fit({ data: rowsOf(data), formula }, options),
        await fit({ path: csv, formula }, options),
        await fit({ path: parquet, formula }, options),
      ];
      const [first, ...others] = fits.map(({ draws }) => [...draws].map(([name, chains]) => [name, ...chains[1]]));
      for (const other of others) expect(other).toEqual(first);
      const whole = await predict(fits[0], columns);
      const pieces = [
        await predict(fits[2], { sql: `from '${csv}' limit 100` }),
        await predict(fits[3], rowsOf(data).slice(100)),
      ];
      // The interval of the target is of random draws, whose stream is the run's.
      for (const name of Object.keys(whole.columns).filter((column) => !column.startsWith("predictive"))) {
        const joined = pieces.flatMap((piece) => Array.from(piece.columns[name] as ArrayLike<number>));
        expect(joined, name).toEqual(Array.from(whole.columns[name] as ArrayLike<number>));
      }
    }),
    { seed: 13, numRuns: 12, endOnFailure: true },
  );
});
