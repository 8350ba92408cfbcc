import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { foldsOf } from "./folds.ts";

const random = () => createRandom(5, 0, 21);
const countsOf = (values: Iterable<number>) => {
  const counts: number[] = [];
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe("folds", () => {
  it("are as equal as can be, in no order, and the same for the same seed", () => {
    const folds = foldsOf(new Int32Array(23), { count: 5 }, random());
    expect(countsOf(folds)).toEqual([5, 5, 5, 4, 4]);
    expect([...folds]).not.toEqual([...folds].sort());
    expect(foldsOf(new Int32Array(23), { count: 5 }, random())).toEqual(folds);
  });

  it("keep rows of a group together, and are filled evenly", () => {
    const groups = Int32Array.from({ length: 60 }, (_, n) => n % 7);
    const folds = foldsOf(groups, { count: 3, by: "together" }, random());
    for (let group = 0; group < 7; group++)
      expect(new Set([...folds].filter((_, n) => groups[n] === group)).size).toBe(1);
    expect(Math.max(...countsOf(folds)) - Math.min(...countsOf(folds))).toBeLessThan(10);
  });

  it("have their share of every group", () => {
    const groups = Int32Array.from({ length: 60 }, (_, n) => Number(n % 10 === 0));
    const folds = foldsOf(groups, { count: 3, by: "shared" }, random());
    expect(countsOf([...folds].filter((_, n) => groups[n] === 1))).toEqual([2, 2, 2]);
    expect(countsOf(folds)).toEqual([20, 20, 20]);
  });

  it("are no more than rows or groups", () => {
    expect(() => foldsOf(new Int32Array(3), { count: 4 }, random())).toThrow("There are 3 rows and 4 folds");
    expect(() => foldsOf(Int32Array.of(0, 1, 0, 1), { count: 3, by: "together" }, random())).toThrow(
      "There are 2 values of --fold-by and 3 folds",
    );
  });
});
