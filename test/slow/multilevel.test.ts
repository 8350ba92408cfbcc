import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fit } from "../../src/node.ts";
import type { FitOptions } from "../../src/public.ts";

interface Moments {
  readonly mean: number;
  readonly sd: number;
  readonly ess?: number;
}

interface Reference {
  readonly formula: string;
  readonly family: FitOptions["family"];
  readonly posterior: Readonly<Record<string, Moments>>;
}

const golden = new URL("../golden/multilevel/", import.meta.url);
const shared = new URL("../../../shared/", import.meta.url);
const hasShared = existsSync(new URL("reference/multilevel/toenail.json", shared));
if (!hasShared)
  console.warn("../shared is absent: the comparison with references of public multilevel data is skipped");

const readJson = (url: URL): Reference => JSON.parse(readFileSync(url, "utf8"));

/** Independent draws of references made by importance sampling whose file does not say. */
const usualEss = 2265;

/** All moments that a fit reports, on the standardised scale, by the names that references have. */
async function fitted(path: string, formula: string, family: FitOptions["family"]): Promise<Map<string, Moments>> {
  const { coefficients, groups } = await fit({ path, formula }, { family, seed: 1 });
  const found = new Map<string, Moments>();
  for (const { name, standardized, ess_bulk } of coefficients)
    found.set(name, { ...standardized, ess: ess_bulk ?? undefined });
  for (const { factor, sds, correlations } of groups ?? []) {
    for (const { name, standardized, ess_bulk } of sds)
      found.set(`sd(${factor})[${name}]`, { ...standardized, ess: ess_bulk ?? undefined });
    for (const { names, standardized, ess_bulk } of correlations) {
      found.set(`cor(${factor})[${names.join(",")}]`, { ...standardized, ess: ess_bulk ?? undefined });
      found.set(`cor(${factor})`, { ...standardized, ess: ess_bulk ?? undefined });
    }
  }
  return found;
}

/** Means within 0.05 sd and sds within 3%, beyond three Monte Carlo standard errors of both sides. */
function expectAgreement(
  found: ReadonlyMap<string, Moments>,
  posterior: Reference["posterior"],
  renamed = (name: string) => name,
) {
  for (const [name, expected] of Object.entries(posterior)) {
    const moments = found.get(renamed(name));
    expect(moments, `${name} among ${[...found.keys()].join(", ")}`).toBeDefined();
    const { mean, sd, ess } = moments!;
    const error = 3 * Math.sqrt(1 / (expected.ess ?? usualEss) + 1 / ess!);
    expect(Math.abs(mean - expected.mean) / expected.sd, `${name}, mean`).toBeLessThan(0.05 + error);
    // Sds of skewed posteriors are known less well than those of normal ones, by about a third.
    expect(Math.abs(sd / expected.sd - 1), `${name}, sd`).toBeLessThan(0.03 + (1.33 * error) / Math.SQRT2);
  }
}

const simulated = [
  ...["counts", "overdispersed-counts", "slopes-binary", "pupils", "slopes-few-groups", "crossed-schools"],
  ...["crossed-schools-binary", "small-groups", "heavy-tails", "three-classes", "immunisation"],
  ...["crossed-heavy-tails", "crossed-counts"],
];

describe("posteriors by exact integration of the effects, or long runs of NUTS (test/golden/multilevel)", () => {
  for (const name of simulated)
    it(name, { timeout: 900_000 }, async () => {
      const { formula, family, posterior } = readJson(new URL(`references/${name}.json`, golden));
      expectAgreement(await fitted(new URL(`data/${name}.csv`, golden).pathname, formula, family), posterior);
    });
});

const publicData: Readonly<Record<string, Pick<Reference, "formula" | "family"> & { readonly file?: string }>> = {
  sleepstudy: { formula: "Reaction ~ Days + (1 + Days | Subject)", family: "gaussian" },
  toenail: {
    formula: 'outcome == "moderate or severe" ~ treatment * time + (1 | patientID)',
    family: "bernoulli",
  },
  contraception: {
    file: "Contraception",
    formula: 'use == "Y" ~ age + livch + urban + (1 + urban | district)',
    family: "bernoulli",
  },
  cbpp: { formula: "incidence | trials(size) ~ C(period) + (1 | herd)", family: "binomial" },
};

describe.skipIf(!hasShared)("posteriors of public data", () => {
  for (const [name, { file = name, formula, family }] of Object.entries(publicData))
    it(name, { timeout: 900_000 }, async () => {
      const own = new URL(`references/${name}.json`, golden);
      const { posterior } = readJson(existsSync(own) ? own : new URL(`reference/multilevel/${name}.json`, shared));
      const found = await fitted(new URL(`data/multilevel/${file}.csv`, shared).pathname, formula, family);
      expectAgreement(found, posterior, (each) => each.replace(/^period/, "C(period)"));
    });
});
