import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openTable } from "../source.ts";
import { footerBytes } from "./parquet-dictionary.ts";
import { structOf, thrift } from "./thrift-compact.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-depth-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { i32, i64, list, struct, binary } = thrift;

/** A file without rows: a column `x`, and one of so many groups within each other. */
function nested(levels: number): Uint8Array {
  const leaf = (name: string) => structOf({ 1: [i32, 5], 3: [i32, 1], 4: [binary, name] });
  const group = structOf({ 3: [i32, 1], 4: [binary, "g"], 5: [i32, 1] });
  const root = structOf({ 4: [binary, "schema"], 5: [i32, 2] });
  const items = [root, leaf("x"), ...Array.from({ length: levels }, () => group), leaf("y")];
  const schema = { type: struct, items };
  const footer = structOf({ 1: [i32, 1], 2: [list, schema], 3: [i64, 0], 4: [list, { type: struct, items: [] }] });
  return Buffer.concat([Buffer.from("PAR1"), footerBytes(footer)]);
}

const columnsOf = async (options: { path?: string; sql?: string }) => {
  const source = await openTable(options);
  await source.close?.();
  return source.columns.map(({ name }) => name);
};

test("a schema of very many levels is refused before it is read", async () => {
  const path = join(folder, "nested.parquet");
  writeFileSync(path, nested(90));
  expect(await columnsOf({ path })).toEqual(["x", "g"]);
  for (const levels of [101, 50_000]) {
    writeFileSync(path, nested(levels));
    const sentence = `${path} has columns in more than 100 levels within each other; leave what is nested so deeply out where the file is made.`;
    await expect(columnsOf({ path })).rejects.toThrow(sentence);
    for (const from of [`'${path}'`, `read_parquet('${path}')`, `parquet_schema('${folder}/*.parquet')`])
      await expect(columnsOf({ sql: `from ${from}` })).rejects.toThrow(sentence);
  }
});

test("a footer that is none is refused", async () => {
  const path = join(folder, "broken.parquet");
  const whole = nested(3);
  for (const at of [whole.length - 8, whole.length - 1, 5, 9, 20]) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 0xff;
    writeFileSync(path, bytes);
    await columnsOf({ path }).catch((error) => {
      expect(error.name).toBe("InputError");
      expect(error.message).toContain(path);
    });
  }
  writeFileSync(path, "PAR1");
  await expect(columnsOf({ path })).rejects.toThrow(/too small to be a Parquet file/);
});
