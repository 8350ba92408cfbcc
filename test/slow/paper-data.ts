import { existsSync } from "node:fs";
import type { Posterior } from "../../src/fit/posterior.ts";
import type { NodeRunOptions } from "../../src/node.ts";
import { fit } from "../../src/node.ts";
import { centredColumns } from "../centred-data.ts";

// The data of the paper's experiments, and a sampler's run on them.
const shared = new URL("../../../shared/", import.meta.url);
export const hasShared = existsSync(shared);
if (!hasShared) console.warn("../shared is absent: the comparisons with real data are skipped");
const file = (path: string) => new URL(path, shared).pathname;

const skin = `select column0 as b, column1 as g, column2 as r, column3 = 1 as skin from read_csv('${file("data/skin/Skin_NonSkin.txt")}', delim = '\\t', header = false)`;
const inputs = {
  "wine-white": { source: { path: file("data/wine/winequality-white.csv") }, formula: "quality ~ 0 + ." },
  casp: { source: { path: file("data/casp/CASP.csv") }, formula: "RMSD ~ 0 + ." },
  skin: { source: { sql: skin }, formula: "skin ~ 0 + ." },
};
export const names = Object.keys(inputs) as (keyof typeof inputs)[];

/** A fit to data of that name, and how many Monte Carlo standard errors each sd is from the predicted one. */
export async function fitTo(
  name: keyof typeof inputs,
  options: NodeRunOptions,
): Promise<{ posterior: Posterior; deviations: number[] }> {
  const { source, formula } = inputs[name];
  const sigma = name === "skin" ? undefined : 1;
  const data = await centredColumns(source, "skin");
  const posterior = await fit({ data, formula }, { ...options, sigma, prior: "normal(0, 1)" });
  const deviations = posterior.coefficients.map(
    ({ ess_bulk, standardized }) =>
      Math.abs(standardized.sd / standardized.predictedSd - 1) * Math.sqrt(2 * (ess_bulk ?? 0)),
  );
  return { posterior, deviations };
}

/** What a run measured, in parts of a line. */
export function measured({ coefficients, certificate, timing }: Posterior, deviations: readonly number[]): string[] {
  return [
    `worst ${Math.max(...deviations).toFixed(2)} se`,
    `sd error predicted ${certificate.maxSdError.predicted?.toPrecision(3)} measured ${certificate.maxSdError.measured?.toPrecision(3)}`,
    `ess ${Math.min(...coefficients.map((c) => c.ess_bulk ?? 0)).toFixed(0)}`,
    `mean ${Math.max(...coefficients.map((c) => Math.abs(c.standardized.mean - c.standardized.laplaceMean) / c.standardized.laplaceSd)).toFixed(3)} sd off the mode`,
    `${timing.sample.toFixed(1)} s, ${timing.passes.toFixed(0)} passes`,
    certificate.verdict,
    ...certificate.checks.filter((c) => !c.passed).map((c) => c.message),
  ];
}
