import { expect, it } from "vitest";
import { fit } from "../../src/node.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";

// The sandwich covariance of a multilevel model is by group: it holds where the groups are independent and the model of a group is wrong.

const [numSets, numGroups, perGroup] = [120, 150, 4];
const numSandwiches = 12;
const formula = "y ~ x + (1 | g)";

/** The noise of a group's rows is wide where |x| is, which the model does not know; x is the same in all rows of a group. */
function simulated(seed: number) {
  const random = createRandom(seed, 0, 33);
  const data: { x: number[]; y: number[]; g: string[] } = { x: [], y: [], g: [] };
  for (let g = 0; g < numGroups; g++) {
    const x = random.normal();
    const effect = (0.3 + 1.2 * x * x) * random.normal();
    for (let n = 0; n < perGroup; n++) {
      data.x.push(x);
      data.g.push(`g${g}`);
      data.y.push(0.5 * x + effect + 0.5 * random.normal());
    }
  }
  return data;
}

it("is the spread of estimates over data sets, where the posterior's is not", async () => {
  const estimates: number[] = [];
  const posteriorSds: number[] = [];
  for (let set = 0; set < numSets; set++) {
    const { coefficients } = await fit(
      { data: simulated(set), formula },
      { sampler: "laplace", chains: 1, draws: 50, effects: false, standardize: "none" },
    );
    estimates.push(coefficients[0].standardized.laplaceMean!);
    posteriorSds.push(coefficients[0].standardized.laplaceSd!);
  }
  const sandwichSds: number[] = [];
  for (let set = 0; set < numSandwiches; set++) {
    const { coefficients } = await fit(
      { data: simulated(set), formula },
      { sampler: "iasg", covariance: "sandwich", chains: 4, draws: 250, effects: false, standardize: "none" },
    );
    sandwichSds.push(coefficients[0].sd);
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const spread = Math.sqrt(mean(estimates.map((value) => (value - mean(estimates)) ** 2)));
  const ratio = mean(sandwichSds) / spread;
  // The spread is known to 1/√(2 sets), the mean of the sandwich's sds to their own spread over the root of their number.
  const own = Math.sqrt(mean(sandwichSds.map((sd) => (sd / mean(sandwichSds) - 1) ** 2)) / sandwichSds.length);
  const allowed = 3 * Math.hypot(1 / Math.sqrt(2 * numSets), own);
  expect(Math.abs(ratio - 1)).toBeLessThan(allowed);
  expect(mean(posteriorSds) / spread).toBeLessThan(1 - allowed);
});
