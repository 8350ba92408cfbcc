import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fit } from "../../src/node.ts";
import { noiseEstimates, preconditioners, schedules, type Tuning } from "../../src/samplers/sampler.ts";
import { centredColumns } from "../centred-data.ts";

// The samplers that the chain kernel's velocities, falling rates and noise estimates serve, on real data: every sd as
// predicted, within four Monte Carlo standard errors. Minutes, not seconds.
const shared = new URL("../../../shared/", import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn("../shared is absent: the comparisons with real data are skipped");
const file = (path: string) => new URL(path, shared).pathname;

const skin = `select column0 as b, column1 as g, column2 as r, column3 = 1 as skin from read_csv('${file("data/skin/Skin_NonSkin.txt")}', delim = '\\t', header = false)`;
const inputs = {
  "wine-white": { source: { path: file("data/wine/winequality-white.csv") }, formula: "quality ~ 0 + ." },
  casp: { source: { path: file("data/casp/CASP.csv") }, formula: "RMSD ~ 0 + ." },
  skin: { source: { sql: skin }, formula: "skin ~ 0 + ." },
};
const variants: (Tuning & { sampler: string })[] = [
  ...preconditioners.map((preconditioner) => ({ sampler: "momentum-sgd", preconditioner })),
  ...schedules.map((schedule) => ({ sampler: "sgld", schedule })),
  ...noiseEstimates.slice(1).map((noiseEstimate) => ({ sampler: "constant-sgd", noiseEstimate })),
];

describe.skipIf(!hasShared).each(Object.entries(inputs))("%s", (name, input) => {
  it.each(variants)("$sampler $preconditioner $schedule $noiseEstimate", async (variant) => {
    const sigma = name === "skin" ? undefined : 1;
    const data = await centredColumns(input.source, "skin");
    const { coefficients, certificate, settings, timing } = await fit(
      { data, formula: input.formula },
      {
        ...variant,
        sigma,
        prior: "normal(0, 1)",
      },
    );
    const deviations = coefficients.map(
      ({ ess_bulk, standardized }) =>
        Math.abs(standardized.sd / standardized.predictedSd - 1) * Math.sqrt(2 * (ess_bulk ?? 0)),
    );
    console.log(
      [
        name,
        Object.values(variant).join(" "),
        `S ${settings.batchSize} rate ${settings.learningRate?.toPrecision(3)} steps a draw ${settings.stepsPerDraw}`,
        `worst ${Math.max(...deviations).toFixed(2)} se`,
        `sd error predicted ${certificate.maxSdError.predicted?.toPrecision(3)} measured ${certificate.maxSdError.measured?.toPrecision(3)}`,
        `ess ${Math.min(...coefficients.map((c) => c.ess_bulk ?? 0)).toFixed(0)}`,
        `mean ${Math.max(...coefficients.map((c) => Math.abs(c.standardized.mean - c.standardized.laplaceMean) / c.standardized.laplaceSd)).toFixed(3)} sd off the mode`,
        `${timing.sample.toFixed(1)} s, ${timing.passes.toFixed(0)} passes`,
        certificate.verdict,
        ...certificate.checks.filter((c) => !c.passed).map((c) => c.message),
      ].join(" | "),
    );
    // Where a chain is too slow for its draws to say much, the certificate has to say so.
    const fewest = Math.min(...coefficients.map((c) => c.ess_bulk ?? 0));
    if (fewest < 400) expect(certificate.checks.find(({ id }) => id === "convergence")?.passed).toBe(false);
    for (const [k, deviation] of deviations.entries())
      expect(deviation, `${coefficients[k].name}, seed ${settings.seed}`).toBeLessThan(4);
  });
});
