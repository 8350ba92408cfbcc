import { describe, expect, it } from "vitest";
import { fit } from "../../src/node.ts";
import { groupDesigns, simulatedFormula, simulatedPriors, simulateGroups } from "../slow/simulated-groups.ts";

// Data sets of the calibration (test/slow/samplers/calibration.test.ts) whose mode was not found once: of 3 binary rows a group, where a first step
// led to an sd of e^−10; of 50 counts a group, where few nodes do for gradients but not for the curvature.
const sets: readonly (readonly [design: number, set: number])[] = [
  ...[47, 84, 105, 131, 177].map((set) => [0, set] as const),
  [3, 4],
  ...[20, 54, 65, 134, 153, 199].map((set) => [5, set] as const),
];

describe("the mode of a multilevel model is found", () => {
  for (const [design, set] of sets) {
    const { family, groupSize } = groupDesigns[design];
    it(`${family}, ${groupSize} rows a group, ${set}`, async () => {
      const { columns, y, parameters } = simulateGroups(groupDesigns[design], 1000 + set);
      const options = { family, seed: 1, draws: 25, sampler: "laplace", ...simulatedPriors(family) } as const;
      const { coefficients } = await fit({ data: { ...columns, y }, formula: simulatedFormula }, options);
      for (const { name, mean, sd } of coefficients)
        expect(Math.abs(mean - parameters[name as keyof typeof parameters]), name).toBeLessThan(5 * sd);
    });
  }
});
