import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runExample } from "../../examples/run-example.ts";

const hasDigits = existsSync(new URL("../../../shared/data/mnist", import.meta.url));
if (!hasDigits) console.warn("../shared/data/mnist is absent: the examples with networks are skipped");

describe.skipIf(!hasDigits)("networks on MNIST", () => {
  it.each([
    ["06-mnist-jax.ts", 2],
    ["07-mnist-tfjs.ts", 3],
  ])("%s runs and prints the calibration %i times", async (file, times) => {
    const printed = await runExample(file);
    const accuracies = [...printed.matchAll(/^accuracy (0\.\d{4}), .* log score (-\d\.\d{4}), /gm)];
    expect(accuracies).toHaveLength(times);
    // Ten classes: chance is 0.1.
    for (const [, accuracy] of accuracies) expect(Number(accuracy)).toBeGreaterThan(0.7);
    expect(printed).toMatch(/posterior predictive\naccuracy/);
  });
});
