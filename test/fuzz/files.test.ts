import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll } from "vitest";
import { openTable } from "../../src/duckdb/source.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import type { Chance } from "./chance.ts";
import { type FuzzedCase, fuzz, requireFinite } from "./property.ts";
import { csvOf, formulas, jsonOf, type Rows, spoil, spoilBytes, tableOf } from "./tables.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-fuzz-"));
const instance = await DuckDBInstance.create(":memory:");
afterAll(() => {
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

/** A fit to a file as it was spoiled. */
function fitOf(path: string, bytes: Uint8Array | string, chance: Chance, k: number): FuzzedCase {
  writeFileSync(path, bytes);
  const formula = chance.of(formulas);
  const sql = chance.happens(0.2) ? "select * from data where x is not null" : undefined;
  return {
    about: `${formula}${sql ? `, ${sql}` : ""} of ${path} (${k})\n${Buffer.from(bytes).toString("utf8").slice(0, 1500)}`,
    run: async (signal) => {
      const source = await openTable({ path, sql, signal });
      try {
        requireFinite(
          await fit({ data: source, formula }, { sampler: "laplace", chains: 2, draws: 20, tolerance: 0.5, signal }),
        );
      } finally {
        await source.close?.();
      }
    },
  };
}

fuzz("files of CSV", 20, async (chance, k) => {
  const rows = tableOf(chance);
  if (chance.happens(0.8)) spoil(rows, chance, false);
  const text = Buffer.from(csvOf(rows, chance));
  return fitOf(join(folder, "rows.csv"), chance.happens(0.2) ? spoilBytes(text, chance) : text, chance, k);
});

fuzz("files of JSON", 20, async (chance, k) => {
  const rows = tableOf(chance);
  if (chance.happens(0.8)) spoil(rows, chance, true);
  const text = Buffer.from(jsonOf(rows, chance));
  return fitOf(join(folder, "rows.json"), chance.happens(0.2) ? spoilBytes(text, chance) : text, chance, k);
});

fuzz("files of Parquet", 20, async (chance, k) => {
  const path = join(folder, "rows.parquet");
  const bytes = await parquetOf(tableOf(chance), path, chance);
  // The data stand before the footer; a bit changed there is another value as a rule.
  const spoiled = chance.happens(0.6) ? spoilOf(bytes, chance) : bytes;
  return fitOf(path, spoiled, chance, k);
});

function spoilOf(bytes: Uint8Array, chance: Chance): Uint8Array {
  if (chance.happens(0.3)) return spoilBytes(bytes, chance);
  const changed = bytes.slice();
  for (let times = 1 + chance.below(3); times > 0; times--)
    changed[chance.below(changed.length)] ^= 1 << chance.below(8);
  return changed;
}

async function parquetOf(rows: Rows, path: string, chance: Chance): Promise<Uint8Array> {
  const made = join(folder, "made.json");
  writeFileSync(made, rows.map((row) => JSON.stringify(row)).join("\n"));
  const codec = chance.of(["uncompressed", "uncompressed", "snappy", "zstd"]);
  const connection = await instance.connect();
  await connection.run(`copy (from read_json('${made}')) to '${path}' (format parquet, compression ${codec})`);
  connection.closeSync();
  return readFileSync(path);
}
