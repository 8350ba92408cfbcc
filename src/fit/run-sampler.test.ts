import { expect, it } from "vitest";
import type { DenseApproximation, LowRankApproximation } from "../estimation/local-approximation.ts";
import { identity } from "../linalg/matrix.ts";
import { noTuning } from "../options/tuning.ts";
import { haveLeftPosterior, RunAwayError } from "../sampling/chains/run-away.ts";
import type { ChainOutput, SamplerOptions } from "../sampling/plan.ts";
import { sampleDensely } from "../sampling/run.ts";
import type { DenseSampler, Sampler } from "../sampling/sampler.ts";
import { requireNumbers } from "./options/require-numbers.ts";

const options: SamplerOptions = { tolerance: 0.02, chains: 1, draws: 2, seed: 1 };
const local = {
  curvature: "dense",
  workspace: { counter: { rowsVisited: 0 } },
  mode: new Float64Array(2),
  laplaceCovariance: identity(2),
} as unknown as DenseApproximation;

/** Chains that are where `at` says, for a damping. */
function samplerThat(at: (damping: number) => number, tuning: Sampler["tuning"] = ["damping"]) {
  const tried: number[] = [];
  const sampler: Sampler = {
    ...{ name: "test", summary: "", assumes: [], preconditioners: [], tuning, expandsAroundMode: true },
    plan: async (_, { damping = 0.5 }) => {
      tried.push(damping);
      const settings = { sampler: "test", ...noTuning, damping, burnInSteps: 0, stepsPerDraw: 1, because: "" };
      const values = Float64Array.of(0, 1, 0, at(damping));
      const output: ChainOutput = {
        ...{ chains: 1, draws: 2, dimension: 2, positions: [values], intervalMeans: [values] },
        ...{ mean: new Float64Array(2), covariance: identity(2) },
      };
      const prediction = {} as Awaited<ReturnType<DenseSampler["plan"]>>["prediction"];
      return { settings: { ...settings, ...options }, prediction, notes: [], sample: async () => output };
    },
  };
  return { sampler, tried };
}

it.each([Number.NaN, Number.POSITIVE_INFINITY, -2e4])(
  "chains at %f are run again with half the step, until they stay",
  async (far) => {
    const { sampler, tried } = samplerThat((damping) => (damping > 0.1 ? far : 1));
    const { plan } = await sampleDensely(local, sampler, options);
    expect(tried).toEqual([0.5, 0.25, 0.125, 0.0625]);
    expect(plan.notes).toEqual(["With longer steps the chains ran away from the posterior, so --damping is 0.0625."]);
  },
);

it("steps that were given are not changed, and no sampler is tried for ever", async () => {
  const given = samplerThat(() => Number.NaN);
  const running = sampleDensely(local, given.sampler, { ...options, damping: 0.3 });
  await expect(running).rejects.toThrow(
    /^The chains of test run away .* with --damping 0.3: .* lower --damping, or leave it out\.$/,
  );
  expect(given.tried).toEqual([0.3]);
  const never = samplerThat(() => Number.NaN);
  await expect(sampleDensely(local, never.sampler, options)).rejects.toBeInstanceOf(RunAwayError);
  expect(never.tried.length).toBe(5);
  const fixed = samplerThat(() => Number.NaN, []);
  await expect(sampleDensely(local, fixed.sampler, options)).rejects.toThrow(/^The chains of test run away/);
});

it("a sampler that does not stay around the mode may go far, but not to where there are no numbers", async () => {
  const far = samplerThat(() => 1e6, []);
  const exact = { ...far.sampler, expandsAroundMode: false };
  expect((await sampleDensely(local, exact, options)).output.positions[0][3]).toBe(1e6);
  const { sampler } = samplerThat(() => Number.NaN, []);
  await expect(sampleDensely(local, { ...sampler, expandsAroundMode: false }, options)).rejects.toThrow(/run away/);
});

it("a coefficient without a finite mean or sd is named in one sentence", () => {
  const standardized = { mean: 0, sd: 1, predictedSd: 1, laplaceMean: 0, laplaceSd: 1 };
  const coefficient = { name: "x", mean: 0, sd: 1, "hdi_3%": -2, "hdi_97%": 2, standardized };
  const chance = {
    mcse_mean: null,
    mcse_sd: null,
    "mcse_hdi_3%": null,
    "mcse_hdi_97%": null,
    ess_bulk: null,
    ess_tail: null,
    r_hat: null,
  };
  expect(() => requireNumbers([{ ...coefficient, ...chance }])).not.toThrow();
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => requireNumbers([{ ...coefficient, ...chance, sd: bad }])).toThrow(/^The draws of x have no finite/);
});

it("draws of very many parameters that left the posterior are told from those that stayed", () => {
  const [mode, curvatures] = [Float64Array.of(1, 0), Float64Array.of(1, 100)];
  const wide = { curvature: "low-rank", mode, curvatures, directions: [] } as unknown as LowRankApproximation;
  expect(haveLeftPosterior(wide, [Float32Array.of(3, 0.2, -9000, -900)], true)).toBe(false);
  expect(haveLeftPosterior(wide, [Float32Array.of(3, 0.2, -11000, 0)], false)).toBe(false);
  for (const far of [Number.NaN, Number.POSITIVE_INFINITY, -1100])
    expect(haveLeftPosterior(wide, [Float32Array.of(3, 0.2), Float32Array.of(1, far)], true), String(far)).toBe(true);
});
