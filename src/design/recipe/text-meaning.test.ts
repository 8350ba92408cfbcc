import { describe, expect, test } from "vitest";
import type { ColumnUse } from "../../formula/column-uses.ts";
import { tableFromColumns } from "../../table/table.ts";
import { meaningOf } from "./text-meaning.ts";

async function meaning(values: readonly string[], ...uses: ColumnUse[]) {
  const texts = await tableFromColumns({ x: values }).texts!("x");
  return meaningOf(texts, new Set(uses.length > 0 ? uses : ["plain"])).kind;
}

const many = (count: number, value: (i: number) => string) => Array.from({ length: count }, (_, i) => value(i));

describe("levels", () => {
  test.each([
    ["versions", many(90, (i) => ["1.1", "1.10", "2.0-rc1"][i % 3])],
    ["ages with an open end", many(90, (i) => ["0", "1", "2", "3+"][i % 4])],
    ["codes with a letter", many(90, (i) => ["12", "13", "13b", "14"][i % 4])],
    ["codes with zeros in front", many(200, (i) => `0${1000 + (i % 60)}`)],
    ["few rows with a level each", many(40, (i) => `school ${i}`)],
    ["100,000 levels in 250,000 rows", many(250_000, (i) => `s${(i * 7919) % 100_000}`)],
    ["words alone", ["none", "missing", "a"]],
  ])("%s", async (_, values) => expect(await meaning(values)).toBe("levels"));

  test("whatever C() or a comparison with a text reads, but for dates", async () => {
    const ids = many(300, (i) => `id ${i}`);
    expect(await meaning(ids, "levels")).toBe("levels");
    expect(await meaning(ids, "levels", "plain")).toBe("keys");
    expect(await meaning(["1,5", "?"], "levels")).toBe("levels");
    expect(await meaning(["2024-01-01", "2024-01-02T10:00Z"], "levels")).toBe("dates");
  });
});

describe("no levels", () => {
  test.each([
    ["mixed", "a word for a missing value", many(500, (i) => (i === 499 ? "unknown" : `${i % 5}`))],
    ["mixed", "a slip of three letters", many(500, (i) => (i === 7 ? "abc" : `${i % 5}`))],
    ["mixed", "a slip with digits in a rating", many(500, (i) => (i === 7 ? "3_" : `${i % 5}`))],
    ["mixed", "measurements below a limit", many(100, (i) => (i % 9 === 0 ? "<0.1" : `${i / 8}`))],
    ["mixed", "four values of which one is infinite", ["inf", "3", "5", "4"]],
    ["mixed", "dates and a word", many(60, (i) => (i === 30 ? "soon" : `2024-01-${10 + (i % 20)}`))],
    ["numbers", "decimals as texts", many(60, (i) => `${i / 8}`)],
    ["numbers", "numbers that all differ", many(120, (i) => `${i}`)],
    ["keys", "codes that all differ", many(120, (i) => `0${1000 + i}`)],
    ["keys", "names", many(120, (i) => `person ${i % 70}`)],
    ["spelled", "percent", many(60, (i) => `${i}%`)],
  ])("%s: %s", async (kind, _, values) => expect(await meaning(values)).toBe(kind));
});

test("a target of texts may have as many classes as its family takes, and numbers are none", async () => {
  expect(
    await meaning(
      many(300, (i) => `id ${i}`),
      "target",
    ),
  ).toBe("levels");
  expect(
    await meaning(
      many(300, (i) => `${i % 5}`),
      "target",
    ),
  ).toBe("numbers");
  expect(
    await meaning(
      many(300, (i) => `${i % 2}`),
      "target",
    ),
  ).toBe("levels");
  expect(
    await meaning(
      many(300, (i) => (i === 4 ? "-" : `${i % 2}`)),
      "target",
    ),
  ).toBe("mixed");
});
