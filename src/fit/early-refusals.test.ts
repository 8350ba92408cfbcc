import { describe, expect, it } from "vitest";
import { createInlineEngine } from "../engine/engine.ts";
import { customModel } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { compareWithEngine } from "./comparison/compare.ts";
import { fitWithEngine, type RunOptions } from "./fit.ts";
import type { ArrayInput } from "./input/load.ts";
import { sampleModel } from "./sample-model.ts";

// What cannot be used whatever the mode will be is refused before anybody waits for the search.

describe("a custom model of more than 500 parameters", () => {
  const [dimension, numRows] = [501, 40];

  /** How often the user's function is called until the refusal. */
  async function refusal(options: object) {
    let calls = 0;
    const model = customModel({
      ...{ dimension, numRows, prior: { mean: 0, sd: 1 } },
      lossAndGradient: (position, rows) => {
        calls++;
        const error = (j: number) => position[j] - ((7 * j + rows[0]) % 5);
        const gradient = Float64Array.from(position, (_, j) => error(j));
        return { loss: gradient.reduce((sum, value) => sum + value ** 2 / 2, 0), gradient };
      },
    });
    const { message } = await sampleModel(model, { draws: 20, ...options }).then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    return { calls, message };
  }

  it.each([
    ["matrices of all pairs", { sampler: "nuts" }, /--sampler nuts cannot be used here.*matrices of all pairs/],
    ["the rows", { sampler: "control-variate" }, /--sampler control-variate cannot be used here/],
    [
      "noise from single rows",
      { noiseEstimate: "within-batch" },
      /--noise-estimate does not apply .*; leave it out\.$/,
    ],
    ["a full preconditioner", { preconditioner: "full" }, /no full preconditioner/],
    ["a sampler there is not", { sampler: "gibbs" }, /There is no sampler "gibbs"/],
  ])("that would need %s is refused without a call of its function", async (_, options, sentence) => {
    expect(await refusal(options)).toEqual({ calls: 0, message: expect.stringMatching(sentence) });
  });
});

describe("more than 2,000 columns", () => {
  /** 30 rows of 2,001 columns. */
  function wide(): ArrayInput {
    const random = createRandom(6, 0, 9);
    const x = Array.from({ length: 30 }, () => Float64Array.from({ length: 2001 }, () => random.normal()));
    return { x, y: x.map(([first]) => Number(first > 0)) };
  }

  /** How often kernels run until the refusal, and how far it says that it was. */
  async function refusal(run: typeof fitWithEngine | typeof compareWithEngine, options: object) {
    const engine = await createInlineEngine();
    let passes = 0;
    const executor: typeof engine.executor = {
      ...engine.executor,
      run(...work) {
        passes++;
        return engine.executor.run(...work);
      },
    };
    const stages = new Set<string>();
    const listening: RunOptions = { family: "bernoulli", draws: 20, onProgress: (stage) => void stages.add(stage) };
    const { message } = await run(wide(), { ...listening, ...options }, { ...engine, executor }).then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    return { passes, stages: [...stages].filter((stage) => !stage.startsWith("reading")), message };
  }

  it.each([
    [{ sampler: "control-variate" }, /--sampler control-variate cannot be used here/],
    [{ sampler: "nuts" }, /--sampler nuts cannot be used here/],
    [{ damping: 0.5 }, /--damping does not apply to auto with .*; leave it out\.$/],
    [{ sampler: "iasg", covariance: "posterior" }, /iasg with 2,002 coefficients.*leave --covariance out/],
  ])("%j is refused before a pass", async (options, sentence) => {
    const expected = { passes: 0, stages: [], message: expect.stringMatching(sentence) };
    expect(await refusal(fitWithEngine, options)).toEqual(expected);
  });

  it("cannot be compared, which is said before a pass", async () => {
    const expected = { passes: 0, stages: [], message: expect.stringMatching(/2,002/) };
    expect(await refusal(compareWithEngine, {})).toEqual(expected);
  });
});
