import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { familyCodes } from "../engine/bindings/words.ts";
import { loadKernels } from "../engine/kernels.ts";
import { EngineMemory } from "../engine/memory.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { families } from "./families.ts";
import type { Family } from "./family.ts";

const isCount = ({ target }: Family) => target === "counts";
const isNumber = ({ target }: Family) => target === "numbers";
const isOfTrials = ({ target }: Family) => target === "trials";

/** A row's η, τ and y, as far apart as data make them. */
function rowsOf(family: Family) {
  const y = isCount(family)
    ? fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3000 }))
    : isNumber(family)
      ? fc.double({ min: -8, max: 8, noNaN: true })
      : isOfTrials(family)
        ? fc.integer({ min: 0, max: 7 }).map((y) => y / 7)
        : fc.integer({ min: 0, max: 1 });
  const eta = fc.double({ min: -5, max: 5, noNaN: true });
  const tau = fc.tuple(fc.double({ min: -4, max: 1.5, noNaN: true }), fc.double({ min: -0.5, max: 6, noNaN: true }));
  return fc.record({ eta, tau, y });
}

const ofOnePredictor = Object.values(families).filter(({ row }) => row !== undefined);

describe.each(ofOnePredictor.map((family) => [family.name, family] as const))("%s", (_, family) => {
  const row = family.row!;
  const slopesAt = (x: readonly number[], y: number) => {
    const out = new Float64Array(3);
    row.slopesInto(out, x[0], x.slice(1), y);
    return out;
  };
  const lossAt = (x: readonly number[], y: number) => row.loss(x[0], x.slice(1), y);
  const moved = (x: readonly number[], i: number, by: number) => x.map((value, j) => value + (i === j ? by : 0));

  it("slopes and curvatures are the derivatives of the loss", () => {
    fc.assert(
      fc.property(rowsOf(family), ({ eta, tau, y }) => {
        const x = [eta, ...tau];
        const slopes = slopesAt(x, y);
        const curvatures = new Float64Array(6);
        row.curvaturesInto(curvatures, eta, tau, y);
        const [ee, ea, eb, aa, ab, bb] = curvatures;
        const matrix = [
          [ee, ea, eb],
          [ea, aa, ab],
          [eb, ab, bb],
        ];
        // In units of the noise scale, where there is one.
        const steps = [isNumber(family) ? 1e-4 * Math.exp(tau[0]) : 1e-4, 1e-4, 1e-4];
        // Central differences err by step²/6 times the third derivative, and by rounding over the step.
        const scale = 1 + Math.max(...slopes.map(Math.abs), ...curvatures.map(Math.abs)) + Math.abs(lossAt(x, y)) / 100;
        for (let i = 0; i < 3; i++) {
          const step = steps[i];
          const slope = (lossAt(moved(x, i, step), y) - lossAt(moved(x, i, -step), y)) / (2 * step);
          expect(Math.abs(slope - slopes[i]) / scale).toBeLessThan(1e-6);
          const [up, down] = [slopesAt(moved(x, i, step), y), slopesAt(moved(x, i, -step), y)];
          for (let j = 0; j < 3; j++)
            expect(Math.abs((up[j] - down[j]) / (2 * step) - matrix[i][j]) / scale).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it("the kernel's loss, slopes and curvatures agree to 1e-10 of the largest", async () => {
    const memory = new EngineMemory();
    const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => number>;
    const [tauAt, constants, out] = [memory.allocateF64(2), memory.allocateF64(8), memory.allocateF64(6)];
    fc.assert(
      fc.property(rowsOf(family), ({ eta, tau, y }) => {
        memory.f64(tauAt, 2).set(tau);
        kernels.prepare(familyCodes[family.name], tauAt, constants);
        const expected = new Float64Array(6);
        const agree = (count: number) => {
          const actual = memory.f64(out, count);
          const scale = 1 + Math.max(...expected.subarray(0, count).map(Math.abs)) + Math.abs(y);
          for (let k = 0; k < count; k++) expect(Math.abs(actual[k] - expected[k]) / scale).toBeLessThan(1e-10);
        };
        const loss = row.loss(eta, tau, y);
        const scale = 1 + Math.abs(loss) + y ** 2;
        expect(Math.abs(kernels.rowLoss(familyCodes[family.name], constants, eta, y) - loss) / scale).toBeLessThan(
          1e-10,
        );
        row.slopesInto(expected, eta, tau, y);
        kernels.rowSlopes(familyCodes[family.name], constants, eta, y, out);
        agree(3);
        row.curvaturesInto(expected, eta, tau, y);
        kernels.rowCurvatures(familyCodes[family.name], constants, eta, y, out);
        agree(6);
      }),
      { numRuns: 500, seed: 12 },
    );
  });

  it("the log density is the loss, but for terms of y alone", () => {
    fc.assert(
      fc.property(rowsOf(family), rowsOf(family), (first, second) => {
        const density = ({ eta, tau }: typeof first) =>
          family.predictive.logDensity(first.y, Float64Array.of(eta), Float64Array.from(tau, Math.exp));
        const sum = (at: typeof first) => density(at) + row.loss(at.eta, at.tau, first.y);
        const scale = 1 + Math.abs(density(first)) + Math.abs(density(second)) + first.y ** 2 / 100;
        expect(Math.abs(sum(first) - sum(second)) / scale).toBeLessThan(1e-9);
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  const eta = Float64Array.of(0.7);
  const auxiliary = Float64Array.of(0.8, 5);

  it.each(isOfTrials(family) ? [1, 7, 40] : [1])(
    "draws have the mean and the variance of the density (%d)",
    (trials) => {
      const random = createRandom(4, 0, 9);
      const draws = Float64Array.from({ length: 40_000 }, () => family.predictive.draw(random, eta, auxiliary, trials));
      const grid = isNumber(family)
        ? Float64Array.from({ length: 200_001 }, (_, k) => (k - 100_000) / 500)
        : Float64Array.from({ length: isCount(family) ? 2000 : trials + 1 }, (_, k) => k);
      const spacing = grid[1] - grid[0];
      const density = (y: number) => Math.exp(family.predictive.logDensity(y, eta, auxiliary, trials));
      const moment = (value: (y: number) => number) =>
        grid.reduce((sum, y) => sum + spacing * value(y) * density(y), 0);
      expect(moment(() => 1)).toBeCloseTo(1, 5);
      const mean = moment((y) => y);
      const out = new Float64Array(1);
      family.predictive.meanInto(out, eta, auxiliary, trials);
      expect(out[0]).toBeCloseTo(mean, 5);
      const variance = moment((y) => (y - mean) ** 2);
      const fourth = moment((y) => (y - mean) ** 4);
      const average = draws.reduce((sum, y) => sum + y, 0) / draws.length;
      const spread = draws.reduce((sum, y) => sum + (y - mean) ** 2, 0) / draws.length;
      expect(Math.abs(average - mean)).toBeLessThan(4.5 * Math.sqrt(variance / draws.length));
      expect(Math.abs(spread - variance)).toBeLessThan(4.5 * Math.sqrt((fourth - variance ** 2) / draws.length));
    },
  );

  const isBinary = family.name === "bernoulli";
  it.skipIf(isBinary)(
    "deviances are the log of the density's ratio to the best (skipped of bernoulli: its best is infinite)",
    () => {
      for (const y of [1, 3]) {
        const trials = isOfTrials(family) ? 5 : undefined;
        const best = isCount(family) ? Math.log(y) : trials ? Math.log(y / (trials - y)) : y;
        const { logDensity, deviance } = family.predictive;
        const ratio = logDensity(y, Float64Array.of(best), auxiliary, trials) - logDensity(y, eta, auxiliary, trials);
        expect(deviance(y, eta, auxiliary, trials)).toBeCloseTo(2 * ratio, 10);
      }
    },
  );
});

describe("binomial", () => {
  const { logDensity, deviance, draw } = families.binomial.predictive;
  const none = new Float64Array();

  it("a count's log density is that of single trials, and of the ways to choose them", () => {
    const eta = Float64Array.of(-0.4);
    const single = (y: number) => families.bernoulli.predictive.logDensity(y, eta, none);
    for (const [y, n, choices] of [
      [0, 3, 1],
      [2, 4, 6],
      [5, 5, 1],
      [3, 10, 120],
    ])
      expect(logDensity(y, eta, none, n)).toBeCloseTo(Math.log(choices) + y * single(1) + (n - y) * single(0), 12);
  });

  it("is certain where every trial is, and has no deviance there", () => {
    const random = createRandom(6, 0, 9);
    for (const [eta, y] of [
      [800, 9],
      [-800, 0],
    ]) {
      expect(draw(random, Float64Array.of(eta), none, 9)).toBe(y);
      expect(logDensity(y, Float64Array.of(eta), none, 9)).toBeCloseTo(0, 12);
      expect(deviance(y, Float64Array.of(eta), none, 9)).toBeCloseTo(0, 12);
    }
  });
});

describe("categorical", () => {
  const { predictive } = families.categorical;
  const eta = Float64Array.of(0, 1.2, -0.4);

  it("probabilities are the exponentials of log densities, and draws follow them", () => {
    const means = new Float64Array(3);
    predictive.meanInto(means, eta, new Float64Array());
    const random = createRandom(5, 0, 9);
    const counts = new Float64Array(3);
    const total = 20_000;
    for (let n = 0; n < total; n++) counts[predictive.draw(random, eta, new Float64Array())]++;
    means.forEach((mean, k) => {
      expect(Math.exp(predictive.logDensity(k, eta, new Float64Array()))).toBeCloseTo(mean, 12);
      expect(predictive.deviance(k, eta, new Float64Array())).toBeCloseTo(-2 * Math.log(mean), 12);
      expect(Math.abs(counts[k] / total - mean)).toBeLessThan(4.5 * Math.sqrt((mean * (1 - mean)) / total));
    });
  });
});

it("a count far below its mean is the less likely the further, beyond the η at which means are held too", () => {
  const { row } = families["negative-binomial"];
  const losses = [100, 290, 310, 500, 5000].map((eta) => row!.loss(eta, [-1, 0], 7));
  expect(losses).toEqual([...losses].sort((a, b) => a - b));
  // f rises by 1/α for each unit of η.
  expect((losses[4] - losses[3]) / 4500).toBeCloseTo(Math.exp(1), 9);
});
