import { describe, expect, it } from "vitest";
import { preconditioners, type Tuning, tuningOptions } from "../../../src/options/tuning.ts";
import { fitTo, hasShared, measured, names } from "../paper-data.ts";

// The samplers that the chain kernel's velocities, falling rates and noise estimates serve, on real data: every sd as
// predicted, within four Monte Carlo standard errors. Minutes, not seconds.
const variants: (Tuning & { sampler: string })[] = [
  ...preconditioners.map((preconditioner) => ({ sampler: "momentum-sgd", preconditioner })),
  ...tuningOptions.schedule.words.map((schedule) => ({ sampler: "sgld", schedule })),
  ...tuningOptions.noiseEstimate.words.slice(1).map((noiseEstimate) => ({ sampler: "constant-sgd", noiseEstimate })),
];

describe.skipIf(!hasShared).each(names)("%s (skipped where ../shared is absent)", (name) => {
  it.each(variants)("$sampler $preconditioner $schedule $noiseEstimate", async (variant) => {
    const { posterior, deviations } = await fitTo(name, variant);
    const { coefficients, certificate, settings } = posterior;
    console.log(
      [
        name,
        Object.values(variant).join(" "),
        `S ${settings.batchSize} rate ${settings.learningRate?.toPrecision(3)} steps a draw ${settings.stepsPerDraw}`,
        ...measured(posterior, deviations),
      ].join(" | "),
    );
    // Where a chain is too slow for its draws to say much, the certificate has to say so.
    const fewest = Math.min(...coefficients.map((c) => c.ess_bulk ?? 0));
    if (fewest < 400) expect(certificate.checks.find(({ id }) => id === "convergence")?.passed).toBe(false);
    for (const [k, deviation] of deviations.entries())
      expect(deviation, `${coefficients[k].name}, seed ${settings.seed}`).toBeLessThan(4);
  });
});
