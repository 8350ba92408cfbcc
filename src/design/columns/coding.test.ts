import fc from "fast-check";
import { expect, test } from "vitest";
import { type CodedTerm, chooseCoding } from "./coding.ts";

function describeCoding(terms: string[], hasIntercept: boolean): string {
  const coded = terms.map((term): CodedTerm => {
    const names = term.split(":");
    return { categoricals: names.filter((name) => name !== "x"), numericKey: names.includes("x") ? "x" : "" };
  });
  return chooseCoding(coded, hasIntercept)
    .map((parts) =>
      parts
        .map((part) => [...part].map(([name, coding]) => name + (coding === "full" ? "" : "-")).join(":") || "1")
        .join(" + "),
    )
    .join(", ");
}

// What patsy makes of the same formulas (patsy.readthedocs.io, "Coding categorical data").
test.each([
  [["a"], true, "a-"],
  [["a"], false, "a"],
  [["a", "b"], false, "a, b-"],
  [["a", "b", "a:b"], true, "a-, b-, a-:b-"],
  [["a:b"], false, "a:b"],
  [["a", "a:b"], true, "a-, a:b-"],
  [["a:b"], true, "b- + a-:b"],
  [["x", "x:a"], true, "1, a-"],
  [["x:a"], true, "a"],
  [["x", "a", "x:a"], false, "1, a, a-"],
])("%j with intercept %s is coded %s", (terms, hasIntercept, expected) => {
  expect(describeCoding(terms, hasIntercept)).toBe(expected);
});

const levels = { a: 2, b: 3, c: 2 };
type Name = keyof typeof levels;
const cells = [0, 1].flatMap((a) => [0, 1, 2].flatMap((b) => [0, 1].map((c) => ({ a, b, c }))));

/** A column for each combination of the part's levels, over all cells. */
function columnsOf(part: ReadonlyMap<string, string>): number[][] {
  let columns = [cells.map(() => 1)];
  for (const [name, coding] of part) {
    const kept = Array.from({ length: levels[name as Name] }, (_, level) => level).slice(coding === "full" ? 0 : 1);
    columns = columns.flatMap((column) =>
      kept.map((level) => column.map((value, i) => (cells[i][name as Name] === level ? value : 0))),
    );
  }
  return columns;
}

function rank(columns: number[][]): number {
  const rows = columns.map((column) => [...column]);
  let found = 0;
  for (let j = 0; j < cells.length && found < rows.length; j++) {
    const pivot = rows.findIndex((row, i) => i >= found && Math.abs(row[j]) > 1e-9);
    if (pivot < 0) continue;
    [rows[found], rows[pivot]] = [rows[pivot], rows[found]];
    for (let i = found + 1; i < rows.length; i++) {
      const factor = rows[i][j] / rows[found][j];
      rows[i] = rows[i].map((value, k) => value - factor * rows[found][k]);
    }
    found++;
  }
  return found;
}

test("coded columns are independent, and span what full coding spans", () => {
  const term = fc.subarray(["a", "b", "c"], { minLength: 1 });
  fc.assert(
    fc.property(
      fc.uniqueArray(term, { minLength: 1, maxLength: 5, selector: String }),
      fc.boolean(),
      (terms, hasIntercept) => {
        const ordered = terms.sort((a, b) => a.length - b.length);
        const parts = chooseCoding(
          ordered.map((categoricals) => ({ categoricals, numericKey: "" })),
          hasIntercept,
        ).flat();
        const intercept = hasIntercept ? [cells.map(() => 1)] : [];
        const coded = [...intercept, ...parts.flatMap(columnsOf)];
        const full = [
          ...intercept,
          ...ordered.flatMap((names) => columnsOf(new Map(names.map((name) => [name, "full"])))),
        ];
        expect(rank(coded)).toBe(coded.length);
        expect(rank([...coded, ...full])).toBe(coded.length);
        expect(rank(full)).toBe(coded.length);
      },
    ),
    { seed: 1 },
  );
});
