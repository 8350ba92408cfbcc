import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildDesign } from "../design/design.ts";
import { tableFromColumns } from "../table/table.ts";
import { parseFormula } from "./formula.ts";
import { functions } from "./functions.ts";

const page = readFileSync(new URL("../../docs/formula.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```formula\n(.*?)^```/gms)].map(([, text]) => text.trim().split("\n"));
const examples = blocks.flat().map((line) => line.split("#").map((part) => part.trim()));

const numbers = "y x z price area distance delay years claims rooms rating wins games".split(" ");
const count = 200;
const column = (make: (n: number) => unknown) => Array.from({ length: count }, (_, n) => make(n) as number);
const table = tableFromColumns({
  ...Object.fromEntries(numbers.map((name, k) => [name, column((n) => 20 + 10 * Math.sin(n * n + k))])),
  claims: column((n) => (n * n) % 7),
  rooms: column((n) => 1 + (n % 4)),
  rating: column((n) => 1 + (((n * n) % 11) % 5)),
  wins: column((n) => (n * n) % 5),
  games: column((n) => 4 + (n % 3)),
  "fixed acidity": column((n) => 7 + Math.cos(n)),
  city: column((n) => ["Lima", "Oslo", "Rome"][((n * n) % 7) % 3]),
  district: column((n) => ["east", "west"][n % 2]),
  status: column((n) => ["well", "sick"][((n * n) % 3) % 2]),
  weekday: column((n) => ["Friday", "Monday"][(n >> 1) % 2]),
  text: column((n) => `the ${["good", "bad"][n % 2]} one`),
  late: column((n) => (n * n) % 5 < 2),
});
const design = (formula: string, event?: string) => buildDesign(table, parseFormula(formula), { event });

describe("docs/formula.md", () => {
  test.each(examples)("%s", async (formula, remark = "") => {
    const made = await design(formula);
    expect(made.columns.length).toBeGreaterThan(0);
    const event = remark.match(/^P\((.*?)\)(?:;|$)/)?.[1];
    if (event !== undefined) expect(made.target.event).toBe(event);
    const told = remark.match(/--event (\w+) P\((.*)\)$/);
    if (told) expect((await design(formula, told[1])).target.event).toBe(told[2]);
    if (remark.startsWith("gaussian, with a remark"))
      expect([made.family, made.warnings]).toEqual(["gaussian", [expect.stringMatching(/--family categorical/)]]);
  });

  test("has an example in every section that has any, and a line for every function", () => {
    expect(examples.length).toBeGreaterThan(25);
    const listed = [...page.matchAll(/^\| `(\w+)\(.*?\)` \|/gm)].map(([, name]) => name);
    expect(listed).toEqual(Object.keys(functions));
  });

  test("shows a mistake as it is told", async () => {
    const told = page.match(/^```\n(Formula error.*?)\n```/ms)![1];
    await expect(design("y ~ x + log(ares)")).rejects.toThrow(told);
  });
});
