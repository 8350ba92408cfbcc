import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runExample } from "../../examples/run-example.ts";

const hasDigits = existsSync(new URL("../../../shared/data/mnist", import.meta.url));
if (!hasDigits) console.warn("../shared/data/mnist is absent: the examples with networks are skipped");

describe.skipIf(!hasDigits)("networks on MNIST", () => {
  it.each([
    ["06-mnist-jax.ts", ["trained weights", "posterior predictive"]],
    ["07-mnist-tfjs.ts", ["trained weights", "posterior mode", "posterior predictive"]],
  ])("%s: averaging over the posterior helps an overconfident network", async (file, titles) => {
    const printed = await runExample(file);
    const found = [...printed.matchAll(scores)].map(({ groups }) => groups!);
    expect(found.map(({ title }) => title)).toEqual(titles);
    const [before, after] = [found[0], found.at(-1)!];
    // Each score's sampling error over 10,000 test digits is below 0.01, and the same digits are predicted both times.
    for (const { accuracy } of found) expect(Number(accuracy)).toBeGreaterThan(0.85);
    expect(Number(after.accuracy)).toBeGreaterThan(Number(before.accuracy) - 0.01);
    expect(Number(after.log)).toBeGreaterThan(Number(before.log) + 0.05);
    expect(Number(after.brier)).toBeLessThan(Number(before.brier) - 0.005);
    expect(Number(after.calibration)).toBeLessThan(Number(before.calibration));
    // Before, what is said with most confidence is wrong more often than it says.
    const [, said, right] = printed.match(/0\.9 to 1\.0 +\d+ +(0\.\d+) +(0\.\d+)/)!;
    expect(Number(said)).toBeGreaterThan(Number(right) + 0.01);
  });
});

const scores =
  /^(?<title>.+)\naccuracy (?<accuracy>0\.\d+), expected calibration error (?<calibration>0\.\d+), log score (?<log>-\d\.\d+), Brier score (?<brier>0\.\d+)$/gm;
