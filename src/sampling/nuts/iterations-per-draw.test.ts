import { expect, it } from "vitest";
import { iterationsPerDraw } from "./transport-nuts.ts";

const model = {
  rows: { paddedColumns: 56, stride: 56 },
  numPredictors: 1,
  dimension: 51,
} as unknown as Parameters<typeof iterationsPerDraw>[0];
const options = { chains: 4, draws: 1000 };

it("a draw is the last of fewer iterations where each takes more gradients", () => {
  expect(iterationsPerDraw(model, 1000, options)).toBe(8);
  expect(iterationsPerDraw(model, 8000, options, 8)).toBeLessThan(iterationsPerDraw(model, 8000, options));
  expect(iterationsPerDraw(model, 8000, options, 1000)).toBe(1);
});
