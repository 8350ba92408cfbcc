import { beforeAll, describe, expect, it } from "vitest";
import { designFromArrays } from "../../src/design/design-from-arrays.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { estimate } from "../../src/estimation/estimate.ts";
import { estimateLowRank } from "../../src/estimation/estimate-low-rank.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import { diagonal } from "../../src/linalg/matrix.ts";
import { createModel } from "../../src/models/create-model.ts";
import { type Model, rowBlockOf } from "../../src/models/model.ts";
import type { Tuning } from "../../src/options/tuning.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { isDense, sampleFrom } from "../../src/sampling/run.ts";
import type { Sampler } from "../../src/sampling/sampler.ts";
import { sandwichCovariance } from "../../src/theory/averaging.ts";

// Every variant that holds no matrix of all pairs, on a model small enough for the law to be known all the same.

const options = { tolerance: 0.02, chains: 4, draws: 400, seed: 5 };

let engine: Engine;
let model: Model;
let dense: DenseApproximation;
beforeAll(async () => {
  engine = await createInlineEngine();
  model = await linearModel();
  dense = await estimate(workspace(), model, 1);
});

const workspace = () => ({ executor: engine.executor, counter: { rowsVisited: 0 } });

/** Indicators of ten levels, and a column of numbers; sigma is 1. */
async function linearModel(): Promise<Model> {
  const random = createRandom(8, 0, 9);
  const x = Array.from({ length: 600 }, (_, n) => {
    const row = new Float64Array(10);
    if (n % 10 > 0) row[(n % 10) - 1] = 1;
    row[9] = random.normal();
    return row;
  });
  const y = x.map((row, n) => Math.sin(n % 10) + 0.5 * row[9] + random.normal());
  let address = 0;
  const memory = {
    allocateRows(rows: number, stride: number) {
      address = engine.memory.allocate(4 * rows * stride);
      return engine.memory.f32(address, rows * stride);
    },
  };
  const design = await designFromArrays({ x, y }, { storage: "sparse", memory });
  return createModel(engine.memory, rowBlockOf(design, address), { family: "gaussian", auxiliaries: { sigma: 1 } });
}

/** Why a sampler is not run here; null where it is. */
function reasonToSkip({ name, lowRank, forCrossedFactors }: Sampler): string | null {
  if (forCrossedFactors) return "there are no crossed factors here (src/crossed, test/slow/crossed.test.ts)";
  if (!lowRank) return `${name} takes matrices of all pairs (samplers.test.ts)`;
  // The one variant that takes models without rows.
  return name === "constant-sgd" ? "its variant is for custom models (src/fit/sample-model.test.ts)" : null;
}

const positionsOf = async (sampler: Sampler, seed: number, tuning: Tuning & { readonly draws?: number } = {}) => {
  const local = await estimateLowRank(workspace(), model, 1);
  const run = await sampleFrom(local, sampler, { ...options, ...tuning, seed });
  if (isDense(run)) throw new TypeError(`${sampler.name} ran on dense curvature`);
  return { ...run, positions: run.output.positions };
};

for (const sampler of samplers) {
  const reason = reasonToSkip(sampler);
  describe.skipIf(reason !== null)(
    `${sampler.name} without matrices of all pairs${reason ? `: ${reason}` : ""}`,
    () => {
      const tunings: Tuning[] = [{}, ...(sampler.lowRank?.tuning.includes("batchSize") ? [{ batchSize: 12 }] : [])];
      it.each(tunings)("has the law that it claims: %o", async (tuning) => {
        const { positions, plan } = await positionsOf(sampler, 5, tuning);
        const { hessian, noiseCovariance, numRows, laplaceCovariance, mode } = dense;
        const isSandwich = plan.settings.covariance === "sandwich";
        const covariance = isSandwich ? sandwichCovariance(hessian, noiseCovariance, numRows) : laplaceCovariance;
        const count = positions.length * plan.settings.draws;
        // Draws an autocorrelation time of the slowest direction apart: at least a third of them count.
        const effective = isSandwich ? count : count / 3;
        diagonal(covariance).forEach((variance, j) => {
          const values = positions.flatMap((chain) => [...chain].filter((_, k) => k % mode.length === j));
          const mean = values.reduce((sum, value) => sum + value, 0) / count;
          const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
          expect(Math.abs(mean - mode[j]) / Math.sqrt(variance)).toBeLessThan(4 / Math.sqrt(effective) + 0.01);
          expect(Math.abs(sd / Math.sqrt(variance) - 1)).toBeLessThan(4 / Math.sqrt(2 * effective) + options.tolerance);
        });
      });

      it("makes the same draws for the same seed, and others for another; its result has its name", async () => {
        const few = { draws: 20 };
        const [first, again, other] = [
          await positionsOf(sampler, 5, few),
          await positionsOf(sampler, 5, few),
          await positionsOf(sampler, 6, few),
        ];
        expect(again.positions).toEqual(first.positions);
        expect(other.positions).not.toEqual(first.positions);
        expect(first.plan.settings.sampler).toBe(sampler.name);
      });
    },
  );
}
