import { describe, expect, it } from "vitest";
import { fit } from "../../fit/fit-inline.ts";
import type { FitOptions } from "../../options/options.ts";

const x = Array.from({ length: 60 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => 1 + 2 * value + Math.cos(7.3 * n * n));
const run = (options: FitOptions) =>
  fit({ data: { x, y }, formula: "y ~ x" }, { chains: 2, draws: 20, tolerance: 0.5, ...options });

describe("steps of the user's own", () => {
  it.each([
    [
      { sampler: "constant-sgd", learningRate: 1e-300 },
      /^With --learning-rate 1e-300 the steps are too short or too long/,
    ],
    [
      { sampler: "constant-sgd", learningRate: 1e300 },
      /^With --learning-rate 1e\+300 the steps are too short or too long/,
    ],
    [{ sampler: "constant-sgd", learningRate: 1e-12 }, /^With --learning-rate 1e-12 the steps are so short/],
    [{ sampler: "constant-sgd", learningRate: 1e12 }, /scale the learning rate by at most \d\S*e-1[23]/],
    [{ sampler: "momentum-sgd", momentum: 1e-12 }, /^With --momentum 1e-12 the steps are so short/],
    [{ sampler: "sgld", learningRate: 1e-12 }, /^With --learning-rate 1e-12 the steps are so short/],
    [{ sampler: "sgfs", maxStep: 1e-12 }, /^With --max-step 1e-12 the steps are so short/],
    [{ sampler: "iasg", learningRate: 1e-300 }, /^With --learning-rate 1e-300 the steps are so short/],
    [{ sampler: "iasg", learningRate: 1e300 }, /scale the learning rate by at most \d\S*e-300/],
    [{ sampler: "iasg", window: 1e300 }, /^--window 1e\+300 is too long/],
    [{ sampler: "iasg", window: 1e-300 }, /^--window 1e-300 is shorter than a single step/],
    [{ sampler: "control-variate", damping: 1e-300 }, /^--damping 1e-300 makes steps so short/],
  ] as const)("%j: refused by name", (options, sentence) => expect(run(options)).rejects.toThrow(sentence));

  it.each([
    ["constant-sgd", {}],
    ["momentum-sgd", {}],
    ["momentum-sgd", { preconditioner: "scalar" }],
    ["momentum-sgd", { batchSize: 1 }],
    ["sgfs", {}],
    ["iasg", {}],
    ["iasg", { batchSize: 1 }],
    ["constant-sgd", { interceptPrior: "normal(100, 0.01)" }],
  ] as const)("%s %j runs on 60 rows, gaussian and student-t", async (sampler, options) => {
    for (const family of ["gaussian", "student-t"] as const) {
      const { coefficients } = await run({ sampler, family, ...options });
      for (const { name, mean, sd } of coefficients) expect(Number.isFinite(mean) && sd > 0, name).toBe(true);
    }
  });
});
