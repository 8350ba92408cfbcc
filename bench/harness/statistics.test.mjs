import { describe, expect, it } from "vitest";
import { median, pairedRatio, quantile, summary } from "./statistics.mjs";

describe("statistics of rounds", () => {
  it("take the middle of an odd number, and the mean of the two middle ones of an even", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([8, 2, 4, 6])).toBe(5);
    expect(quantile([0, 10], 0.25)).toBe(2.5);
  });

  it("leave their input as it is", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("are of the rounds that were done", () => {
    expect(summary([2, Number.NaN, 4])).toEqual({ median: 3, low: 2, high: 4, rounds: 2 });
    expect(summary([Number.NaN])).toBeUndefined();
  });

  it("compare within rounds, so that a slow round does not count", () => {
    // Theirs is three times ours in every round; the second round was ten times slower for both.
    expect(pairedRatio([3, 30, 3], [1, 10, 1])).toEqual({ median: 3, low: 3, high: 3, rounds: 3 });
    expect(pairedRatio([3, Number.NaN], [1, 1])).toEqual({ median: 3, low: 3, high: 3, rounds: 1 });
  });
});
