import { expect, it } from "vitest";
import { summaryOf } from "./column-summary.ts";

it("a column of numbers is counted in bins, with what is missing", () => {
  const values = Float64Array.from({ length: 241 }, (_, n) => (n === 0 ? Number.NaN : (n - 1) / 239));
  const { bars, missing, range } = summaryOf({ name: "x", type: "number" }, { kind: "number", values });
  expect(bars.map(({ count }) => count)).toEqual(Array(24).fill(10));
  expect([missing, range]).toEqual([1, "0 to 1"]);
});

it("times are shown as dates, equal values as one, and no values as none", () => {
  const of = (values: number[], isTime = false) =>
    summaryOf({ name: "x", type: "number", isTime }, { kind: "number", values: Float64Array.from(values) });
  expect(of([0, 59], true).range).toBe("1970-01-01 to 1970-03-01");
  expect(of([0.5, 1.5], true).range).toBe("1970-01-01 12:00 to 1970-01-02 12:00");
  expect(of([3, 3, 3]).bars).toEqual([{ label: "3", count: 3 }]);
  expect(of([Number.NaN]).range).toBe("no values");
});

it("of texts the most frequent levels are shown, and the others together", () => {
  const levels = Array.from("abcdefghijkl");
  const codes = Int32Array.from([-1, ...levels.flatMap((_, k) => Array<number>(k + 1).fill(k))]);
  const { bars, missing, range } = summaryOf({ name: "x", type: "string" }, { kind: "category", codes, levels });
  expect(bars.map(({ label }) => label)).toEqual(["l", "k", "j", "i", "h", "g", "f", "e", "4 others"]);
  expect(bars.at(-1)!.count).toBe(1 + 2 + 3 + 4);
  expect([missing, range]).toEqual([1, "12 values"]);
});
