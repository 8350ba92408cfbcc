import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../../errors.ts";
import { effectiveSampleSize, meanEffectiveSampleSize, quantileEffectiveSampleSize } from "./effective-sample-size.ts";
import { highestDensityInterval } from "./highest-density-interval.ts";
import { potentialScaleReduction } from "./r-hat.ts";
import { areDiagnosable, quantileOfSorted, sortPooled } from "./rank-normalize.ts";
import { type SummaryStatistics, summaryStatistics } from "./summary-statistics.ts";

type Nullable<T> = { [Key in keyof T]: number | null };

/** Written by test/golden/arviz-diagnostics.py from ArviZ; its NaN is null. */
const golden: {
  cases: {
    name: string;
    chains: (number | null)[][];
    expected: Nullable<SummaryStatistics> &
      Record<"rHatIdentity" | "essMean" | "essSd" | "essIdentity" | "essMedian", number | null> & {
        hdiHalf: [number | null, number | null];
        quantiles: Record<string, number | null>;
      };
  }[];
} = JSON.parse(readFileSync(new URL("../../../test/golden/arviz-diagnostics.json", import.meta.url), "utf8"));

const numberOf = (value: number | null) => value ?? Number.NaN;

/** Equal to 1e-10 relative; NaN equals NaN. */
function expectClose(actual: number, expected: number | null, what: string) {
  const wanted = numberOf(expected);
  const close = Number.isNaN(wanted)
    ? Number.isNaN(actual)
    : Math.abs(actual - wanted) <= 1e-10 * Math.max(Math.abs(wanted), Number.MIN_VALUE);
  expect(close, `${what}: got ${actual}, ArviZ ${wanted}`).toBe(true);
}

describe.each(golden.cases)("ArviZ: $name", ({ chains: stored, expected }) => {
  const chains = stored.map((chain) => Float64Array.from(chain, numberOf));

  it("equals every number of az.summary", () => {
    const actual = summaryStatistics(chains);
    const names = ["mean", "sd", "hdiLow", "hdiHigh", "mcseMean", "mcseSd", "essBulk", "essTail", "rHat"] as const;
    expect(Object.keys(actual)).toEqual([...names]);
    for (const name of names) expectClose(actual[name], expected[name], name);
  });

  it("equals az.ess and az.rhat by their other methods", () => {
    expectClose(meanEffectiveSampleSize(chains), expected.essMean, "essMean");
    expectClose(quantileEffectiveSampleSize(chains, 0.5), expected.essMedian, "essMedian");
  });

  it("equals az.hdi at another probability", () => {
    const { low, high } = highestDensityInterval(chains, 0.5);
    expectClose(low, expected.hdiHalf[0], "low");
    expectClose(high, expected.hdiHalf[1], "high");
  });

  const isShort = !areDiagnosable(chains);
  it.skipIf(isShort)(
    "equals az.ess and az.rhat of whole chains, and type 7 quantiles (skipped of short chains and NaN)",
    () => {
      expectClose(effectiveSampleSize(chains), expected.essIdentity, "essIdentity");
      expectClose(potentialScaleReduction(chains), expected.rHatIdentity, "rHatIdentity");
      for (const [probability, quantile] of Object.entries(expected.quantiles))
        expectClose(quantileOfSorted(sortPooled(chains), Number(probability)), quantile, probability);
    },
  );
});

describe("summaryStatistics", () => {
  it("refuses no chains, empty chains, unequal lengths and impossible probabilities", () => {
    const chain = Float64Array.of(1, 2, 3, 4);
    expect(() => summaryStatistics([])).toThrow(InputError);
    expect(() => summaryStatistics([new Float64Array(0)])).toThrow(InputError);
    expect(() => summaryStatistics([chain, chain.subarray(1)])).toThrow("differ in length");
    for (const hdiProbability of [0, 1, Number.NaN]) {
      expect(() => summaryStatistics([chain], { hdiProbability })).toThrow(InputError);
    }
  });

  it("leaves the draws as they were", () => {
    const chains = [Float64Array.of(3, 1, 2, 5, 4), Float64Array.of(1, 5, 3, 2, 4)];
    summaryStatistics(chains);
    expect(chains).toEqual([Float64Array.of(3, 1, 2, 5, 4), Float64Array.of(1, 5, 3, 2, 4)]);
  });

  it("takes an infinite draw: ranks stay defined, moments do not", () => {
    const chains = [Float64Array.of(1, 5, Infinity, 2, 7, 3), Float64Array.of(4, 2, 6, 1, 3, 5)];
    const { mean, mcseMean, essBulk, rHat } = summaryStatistics(chains);
    expect(mean).toBe(Infinity);
    expect(mcseMean).toBeNaN();
    expect(essBulk).toBeGreaterThan(0);
    expect(rHat).toBeGreaterThan(0);
  });
});
