import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { brierScore, expectedCalibrationError, logScore, reliabilityTable } from "./calibration.ts";

describe("calibration", () => {
  // Four rows, by hand: confidences 0.6, 0.7, 0.65 and 1 of classes 0, 1, 2 and 0, of which the second is wrong.
  const probabilities = Float64Array.of(0.6, 0.3, 0.1, 0.2, 0.7, 0.1, 0.05, 0.3, 0.65, 1, 0, 0);
  const labels = [0, 0, 2, 0];

  it("puts rows by the probability of their most probable class into bins", () => {
    const table = reliabilityTable({ probabilities, labels }, { bins: 5 });
    expect(table.map(({ count }) => count)).toEqual([0, 0, 1, 2, 1]);
    expect(table[0]).toEqual({ low: 0, high: 0.2, count: 0, predicted: null, observed: null });
    expect(table[2]).toMatchObject({ predicted: 0.6, observed: 1 });
    expect(table[3].predicted).toBeCloseTo(0.675, 14);
    expect(table[3].observed).toBe(0.5);
    expect(table[4]).toMatchObject({ high: 1, predicted: 1, observed: 1 });
  });

  it("weighs the bins' distances by their counts", () => {
    const table = reliabilityTable({ probabilities, labels }, { bins: 5 });
    expect(expectedCalibrationError(table)).toBeCloseTo((0.4 + 2 * 0.175 + 0) / 4, 14);
    expect(expectedCalibrationError([])).toBeNaN();
  });

  it("scores rows as their formulas say", () => {
    const rows = [0.4 ** 2 + 0.3 ** 2 + 0.1 ** 2, 0.8 ** 2 + 0.7 ** 2 + 0.1 ** 2, 0.05 ** 2 + 0.3 ** 2 + 0.35 ** 2, 0];
    expect(brierScore({ probabilities, labels })).toBeCloseTo(rows.reduce((a, b) => a + b) / 4, 14);
    const logs = Math.log(0.6) + Math.log(0.2) + Math.log(0.65);
    expect(logScore({ probabilities, labels })).toBeCloseTo(logs / 4, 14);
  });

  it("speaks of the second of two classes where it is asked to", () => {
    const table = reliabilityTable({ probabilities: [0.9, 0.1, 0.2, 0.8], labels: [0, 1] }, { bins: 10, event: true });
    expect(table.filter(({ count }) => count > 0)).toEqual([
      { low: 0, high: 0.1, count: 1, predicted: 0.1, observed: 0 },
      { low: 0.7, high: 0.8, count: 1, predicted: 0.8, observed: 1 },
    ]);
  });

  it("refuses probabilities that make no rows", () => {
    expect(() => brierScore({ probabilities: [0.5, 0.5, 1], labels: [0, 1] })).toThrow(/3 probabilities for 2 labels/);
  });

  it("finds labels drawn from their own probabilities calibrated, and labels of sharper ones not", () => {
    const random = createRandom(1, 0, 1);
    const total = 20_000;
    const draws = (sharpen: (p: number) => number) => {
      const rows = new Float64Array(2 * total);
      const drawn = new Float64Array(total);
      for (let n = 0; n < total; n++) {
        const p = random.uniform();
        rows[2 * n] = 1 - p;
        rows[2 * n + 1] = p;
        drawn[n] = random.uniform() < sharpen(p) ? 1 : 0;
      }
      return { probabilities: rows, labels: drawn };
    };
    const errorOf = (sharpen: (p: number) => number) => expectedCalibrationError(reliabilityTable(draws(sharpen)));
    // Each of the five bins that are met (confidence ≥ ½) holds about 4000 rows: its error is below 0.5/√4000 a sd.
    expect(errorOf((p) => p)).toBeLessThan((4 * 0.5) / Math.sqrt(4000));
    expect(errorOf((p) => (p > 0.5 ? 1 : 0))).toBeGreaterThan(0.2);
  });

  it("every score is best where the label has probability 1", () => {
    const row = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(row, fc.integer({ min: 0, max: 3 }), (weights, label) => {
        const sum = weights.reduce((a, b) => a + b);
        const given = { probabilities: weights.map((weight) => weight / sum), labels: [label] };
        const best = { probabilities: weights.map((_, k) => (k === label ? 1 : 0)), labels: [label] };
        expect(brierScore(given)).toBeGreaterThan(brierScore(best));
        expect(logScore(given)).toBeLessThan(logScore(best));
      }),
    );
  });
});
