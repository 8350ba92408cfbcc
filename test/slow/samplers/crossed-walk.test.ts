import { describe, test } from "vitest";
import type { CrossedSimulation } from "../../../src/crossed/crossed-fixtures.ts";
import { expectDrawsOfRandomWalk } from "../../../src/crossed/random-walk.ts";

const toys: Record<string, CrossedSimulation> = {
  bernoulli: { family: "bernoulli", numRows: 70, levels: [8, 5], theta: [0, -0.5] },
  "bernoulli with weights": { family: "bernoulli", numRows: 40, levels: [6, 4], theta: [0.3, -0.5], weighted: true },
  poisson: { family: "poisson", numRows: 50, levels: [7, 4], theta: [-0.5, -1] },
  "a variance near 0": { family: "bernoulli", numRows: 60, levels: [6, 5], theta: [-6, 0] },
  "student-t": { family: "student-t", numRows: 60, levels: [7, 4], theta: [-0.3, -0.5, -0.7, 1] },
  "student-t with ν fixed": {
    ...{ family: "student-t", numRows: 50, levels: [6, 4], theta: [-0.3, -0.5, -0.7] },
    auxiliaries: { nu: 3, sigma: { kind: "half-normal", scale: 1 } },
  },
  "negative-binomial": { family: "negative-binomial", numRows: 60, levels: [7, 4], theta: [-0.5, -1, -0.5] },
  "negative-binomial with weights": {
    ...{ family: "negative-binomial", numRows: 40, levels: [6, 4], theta: [-0.5, -1, 0.3], weighted: true },
  },
  "slopes alone": { family: "bernoulli", numRows: 70, levels: [6, 5], effects: [[1], [-1]], theta: [0, 0] },
};

describe.each(Object.entries(toys))("%s", (_, told) => {
  test("draws agree with those of a random walk", () => expectDrawsOfRandomWalk(told));
});
