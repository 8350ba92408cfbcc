import { expect, it } from "vitest";
import { iterationsPerDraw } from "./transport-nuts.ts";

const model = {
  rows: { paddedColumns: 56, stride: 56 },
  numPredictors: 1,
  dimension: 51,
} as unknown as Parameters<typeof iterationsPerDraw>[0];
const options = { chains: 4, draws: 1000, tolerance: 0.01 };
const unexplained = 1;

it("a draw is the last of fewer iterations where each takes more gradients", () => {
  expect(iterationsPerDraw(model, 1000, options)).toBe(8);
  expect(iterationsPerDraw(model, 8000, options, { gradients: 8, unexplained })).toBeLessThan(
    iterationsPerDraw(model, 8000, options),
  );
  expect(iterationsPerDraw(model, 8000, options, { gradients: 1000, unexplained })).toBe(1);
});

it("and where its scores explain the parameters", () => {
  expect(iterationsPerDraw(model, 1000, options, { gradients: 3, unexplained: 0.03 })).toBe(3);
  expect(iterationsPerDraw(model, 1000, { ...options, tolerance: 0.02 }, { gradients: 3, unexplained: 0.03 })).toBe(1);
});
