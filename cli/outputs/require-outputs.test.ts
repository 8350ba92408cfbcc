import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Inputs, requireOutputs } from "./require-outputs.ts";

let folder = "";
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "require-outputs-"));
  writeFileSync(at("table.csv"), "x,y\n1,2\n");
  linkSync(at("table.csv"), at("hard.csv"));
  symlinkSync("table.csv", at("soft.csv"));
  writeFileSync(at("fit.nc"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of files in single quotes are those of the folder. */
const located = (text: string) => text.replaceAll(/'([^']*)'/g, (_, name) => `'${at(name)}'`);

describe("requireOutputs", () => {
  it.each<[string, Inputs]>([
    ["the table", { path: "table.csv" }],
    ["the table by a link", { path: "soft.csv" }],
    ["the table by another name", { path: "hard.csv" }],
    ["a pattern", { path: "ta*.csv" }],
    ["a query's table", { sql: "from 'table.csv'" }],
    ["a table deep in a query", { sql: "select * from (select 1 as x) where x in (select x from 'soft.csv');" }],
    ["a function's file", { sql: "select * from read_csv('table.csv', header = true)" }],
    ["a function's list", { sql: "select * from data join read_csv(['other.csv', 'hard.csv']) using (x)" }],
    ["a function's pattern", { sql: "from read_csv('tabl?.csv')" }],
    ["a fit", { fit: "table.csv", path: "fit.nc" }],
  ])("refuses an output that is read: %s", async (_, { path, fit, sql }) => {
    const inputs = { path: path && at(path), fit: fit && at(fit), sql: sql && located(sql) };
    for (const name of ["table.csv", "hard.csv", "soft.csv"]) {
      await expect(requireOutputs({ "--out": at(name) }, inputs)).rejects.toThrow(
        `--out would overwrite "${at(name)}", which is read; give it another file.`,
      );
    }
    await requireOutputs({ "--out": at("new.csv"), "--json": "/dev/null" }, inputs);
  });

  it("refuses two outputs of one file, of which devices are none", async () => {
    const both = (one: string, other: string) => requireOutputs({ "--json": one, "--out": other }, {});
    await expect(both(at("new"), join(folder, ".", "new"))).rejects.toThrow("Only one of --json and --out can write");
    await expect(both(at("soft.csv"), at("hard.csv"))).rejects.toThrow("Only one of --json and --out can write");
    await expect(both("-", "-")).rejects.toThrow("can write standard output");
    await both("/dev/null", "/dev/null");
    await expect(requireOutputs({ "--json": at("d_2"), "--out": [at("d_1"), at("d_2")] }, {})).rejects.toThrow("Only");
  });

  it("refuses queries that cannot be understood, in the sentence that running them has", async () => {
    const refused = requireOutputs({ "--out": at("other.csv") }, { sql: "this is no query" });
    await expect(refused).rejects.toThrow(/^The query fails: syntax error/);
  });
});
