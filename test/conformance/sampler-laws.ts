import { afterEach, describe, it } from "vitest";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { families } from "../../src/families/families.ts";
import type { Model } from "../../src/models/model.ts";
import type { Tuning } from "../../src/options/tuning.ts";
import type { SamplerOptions } from "../../src/sampling/plan.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";
import { expectLaw } from "./law.ts";
import { categoricalTarget, groupsTarget, problemOf, quadraticTarget, type Target } from "./targets.ts";

// Every sampler of the registry, with each of its preconditioners, obeys the law that it predicts. Seeds are fixed; what a test
// allows follows from the effective sample sizes, which grow as the square of the tolerance that a sampler aims for falls: npm
// test takes a large one, npm run test:slow a small one.
const seed = 7;

/** Tuning besides the preconditioner that changes what a sampler does, each run with the sampler's first preconditioner. */
const furtherTuning: Readonly<Record<string, readonly Tuning[]>> = {
  "constant-sgd": [
    { noiseEstimate: "within-batch" },
    { noiseEstimate: "first-row" },
    { preconditioner: "full-exact", noiseEstimate: "within-batch" },
  ],
  sgld: [{ schedule: "decreasing" }],
};
/** Trajectories over all rows, eight for a draw where they are cheap, all of which the law is measured over: few will do. */
const trajectories = ["nuts", "coreset-nuts"];
/** Each sampler with each of its preconditioners, and with the tuning above. */
export const variants = denseSamplers.flatMap((sampler) => {
  const byPreconditioner = sampler.preconditioners.map((preconditioner): Tuning => ({ preconditioner }));
  const first = byPreconditioner[0] ?? {};
  const further = (furtherTuning[sampler.name] ?? []).map((tuning) => ({ ...first, ...tuning }));
  return [first, ...byPreconditioner.slice(1), ...further].map((tuning) => ({
    title: [sampler.name, ...Object.values(tuning)].join(" "),
    sampler,
    options: { tolerance: 0.05, chains: 4, draws: 500, seed, ...tuning } satisfies SamplerOptions,
  }));
});

/** Targets whose posterior is a little skewed, and what samplers are asked whether they can be used for. */
const nearlyNormal = [
  { what: "for three classes", target: categoricalTarget, model: { family: families.categorical } as Model },
  { what: "over groups", target: groupsTarget, model: { family: families.gaussian, groups: {} } as Model },
];

interface LawOptions {
  readonly tolerance: number;
  readonly draws: number;
  /** Whether every tuning runs on the nearly normal targets too. */
  readonly isThorough: boolean;
}

/** The tests of the laws, with that tolerance and so many draws a chain. */
export function describeSamplerLaws({ tolerance, draws, isThorough }: LawOptions): void {
  const engines: Engine[] = [];
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
  });
  async function localOf(target: Target) {
    const engine = await createInlineEngine();
    engines.push(engine);
    return (await problemOf(engine, target)).local;
  }

  describe.each(variants)("$title", ({ sampler, options }) => {
    it("obeys the predicted law on a quadratic target", async () => {
      const local = await localOf(quadraticTarget());
      const plan = await sampler.plan(local, { ...options, tolerance, draws });
      expectLaw(local, plan, await plan.sample(), seed);
    });

    for (const { what, target, model } of isThorough ? nearlyNormal : []) {
      const reason = sampler.unsupportedReason?.(model);
      const skipped = reason ? ` (skipped: ${reason})` : "";
      it.skipIf(reason)(
        `obeys the predicted law ${what}, but for the little that the posterior is skewed${skipped}`,
        async () => {
          const local = await localOf(target());
          const few = trajectories.includes(sampler.name) && { chains: 1, draws: Math.min(draws, 100) };
          const plan = await sampler.plan(local, { ...options, tolerance, draws, ...few });
          expectLaw(local, plan, await plan.sample(), seed);
        },
      );
    }
  });
}
