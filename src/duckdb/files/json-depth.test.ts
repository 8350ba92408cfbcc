import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { openTable } from "../source.ts";
import { jsonDepth, maxLevels } from "./json-depth.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-json-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["1", 0],
  ['"[[["', 0],
  ["[]", 1],
  ["[[], [[]], []]", 3],
  ['{"a": {"b": [1]}}', 3],
  [String.raw`["\"[[[", {"]": "\\"}]`, 2],
  ['["[[[', 1],
  ["[[[[[[", 6],
])("%s has %d levels", (text, levels) => expect(jsonDepth(text, 100)).toBe(levels));

const nested = (levels: number, [open, close]: readonly [string, string]) => open.repeat(levels) + close.repeat(levels);
const kinds = { lists: ["[", "]"], objects: ['{"a":', "}"] } as const;
const lines = (inner: string) => `{"x":1,"y":2,"z":${inner}}\n{"x":3,"y":5,"z":null}\n`.replaceAll(":}", ":1}");
const rowsOf = (path: string, sql?: string) =>
  openTable(sql === undefined ? { path } : { sql }).then(async (source) => {
    let rows = 0;
    for await (const { numRows } of source.chunks(["x"])) rows += numRows;
    await source.close?.();
    return rows;
  });

test.each(["lists", "objects"] as const)(
  "%s that nest too deeply are refused, those within the limit read",
  async (kind) => {
    const path = join(folder, `${kind}.jsonl`);
    writeFileSync(path, lines(nested(maxLevels - 1, kinds[kind])));
    expect(await rowsOf(path)).toBe(2);
    for (const levels of [maxLevels, 50_000]) {
      writeFileSync(path, lines(nested(levels, kinds[kind])));
      const sentence = `${path} has lists or objects in more than 100 levels within each other; leave what is nested so deeply out where the file is made.`;
      await expect(rowsOf(path)).rejects.toThrow(sentence);
      await expect(rowsOf(path, `from read_json('${path}')`)).rejects.toThrow(sentence);
      await expect(rowsOf(path, `from '${path}'`)).rejects.toThrow(sentence);
    }
    writeFileSync(`${path}.gz`, gzipSync(lines(nested(50_000, kinds[kind]))));
    await expect(rowsOf(`${path}.gz`)).rejects.toThrow(/more than 100 levels/);
  },
);

test("a list of many objects with many flat lists is read", async () => {
  const path = join(folder, "flat.json");
  const row = (x: number) => ({ x, lists: Array.from({ length: 300 }, (_, i) => [i, x]) });
  writeFileSync(path, JSON.stringify([row(1), row(2), row(3)]));
  expect(await rowsOf(path)).toBe(3);
});

test("a file that is no more than brackets is refused", async () => {
  const path = join(folder, "brackets.json");
  writeFileSync(path, nested(50_000, kinds.lists));
  await expect(rowsOf(path)).rejects.toThrow(/brackets\.json/);
});
