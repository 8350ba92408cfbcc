import { describe, expect, it } from "vitest";
import { skewedTarget } from "../../../test/conformance/targets.ts";
import { checkHamiltonian, energyFraction } from "../../diagnostics/certificate/hamiltonian-check.ts";
import { effectiveSampleSize } from "../../diagnostics/statistics/effective-sample-size.ts";
import { fit } from "../../fit/fit-inline.ts";
import { invertPositiveDefinite } from "../../linalg/cholesky.ts";
import {
  congruence,
  diagonalMatrix,
  dot,
  identity,
  type Matrix,
  matrixFromRows,
  multiplyVector,
} from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type NutsSettings, runNutsChain } from "../nuts/chain.ts";
import {
  denseMetric,
  diagonalMetric,
  leapfrog,
  normalMetric,
  type Potential,
  withFreshMomentum,
} from "../nuts/hamiltonian.ts";
import { RunningMoments, warmUpWindows, windowMoments } from "../nuts/mass-matrix.ts";
import { DualAveraging } from "../nuts/step-size.ts";
import { join, singlePoint, type Trajectory, transition } from "../nuts/tree.ts";

const seed = 5;

function normalTarget(covariance: Matrix): Potential {
  const precision = invertPositiveDefinite(covariance);
  return {
    dimension: covariance.rows,
    evaluate: async (position) => {
      const gradient = multiplyVector(precision, position);
      return { loss: 0.5 * dot(position, gradient), gradient };
    },
  };
}

/** y = b (x² − 1) + s z with x and z standard normal: the mean of y is 0, its variance 2 b² + s². */
const bend = 0.7;
const width = 0.5;
const banana: Potential = {
  dimension: 2,
  evaluate: async ([x, y]) => {
    const error = (y - bend * (x * x - 1)) / width ** 2;
    return {
      loss: 0.5 * x * x + 0.5 * error ** 2 * width ** 2,
      gradient: Float64Array.of(x - 2 * bend * x * error, error),
    };
  },
};

async function chains(potential: Potential, settings: Partial<NutsSettings>, count = 4) {
  const guess = identity(potential.dimension);
  const full = { warmUp: 1000, draws: 2000, metric: "dense", guess, ...settings } as const;
  return Promise.all(
    Array.from({ length: count }, (_, chain) => {
      const random = createRandom(seed, chain, 1);
      const start = Float64Array.from({ length: potential.dimension }, () => 4 * random.uniform() - 2);
      return runNutsChain(potential, start, full, random);
    }),
  );
}

/** Mean of a function of the draws, and its Monte Carlo standard error. */
function expectation(
  found: readonly { positions: Float64Array }[],
  dimension: number,
  value: (theta: Float64Array) => number,
) {
  const values = found.map(({ positions }) =>
    Float64Array.from({ length: positions.length / dimension }, (_, n) =>
      value(positions.subarray(n * dimension, (n + 1) * dimension)),
    ),
  );
  const all = values.flatMap((chain) => [...chain]);
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length;
  return { mean, error: Math.sqrt(variance / effectiveSampleSize(values)) };
}

describe("the leapfrog integrator", () => {
  it("keeps the energy to second order and goes back where it came from", async () => {
    const covariance = matrixFromRows([
      [1, 0.6],
      [0.6, 1],
    ]);
    const potential = normalTarget(covariance);
    const metric = diagonalMetric(Float64Array.of(1, 0.5));
    const position = Float64Array.of(1, -0.5);
    const start = withFreshMomentum(metric, { position, ...(await potential.evaluate(position)) }, () => 0.8);
    const errorAt = async (step: number) => {
      let point = start;
      for (let time = 0; time < 1 - 1e-9; time += step) point = await leapfrog(potential, metric, point, step);
      return point.energy - start.energy;
    };
    const ratio = (await errorAt(0.05)) / (await errorAt(0.025));
    expect(ratio).toBeGreaterThan(3.9);
    expect(ratio).toBeLessThan(4.1);
    const there = await leapfrog(potential, metric, start, 0.3);
    const back = await leapfrog(potential, metric, there, -0.3);
    for (let j = 0; j < 2; j++) {
      expect(back.position[j]).toBeCloseTo(start.position[j], 12);
      expect(back.momentum[j]).toBeCloseTo(start.momentum[j], 12);
    }
  });

  it("follows the flow of a normal law exactly, however long the steps", async () => {
    const center = Float64Array.of(3, -1);
    const variances = Float64Array.of(4, 0.25);
    const centred = normalTarget(diagonalMatrix([4, 0.25]));
    const potential = {
      ...centred,
      evaluate: (position: Float64Array) => centred.evaluate(position.map((value, j) => value - center[j])),
    };
    const metric = normalMetric(center, variances);
    const position = Float64Array.of(5, -0.7);
    const start = withFreshMomentum(metric, { position, ...(await potential.evaluate(position)) }, () => 0.8);
    const there = await leapfrog(potential, metric, start, 1.1);
    expect(there.energy).toBeCloseTo(start.energy, 12);
    // After a quarter of a turn the momentum is the position.
    const quarter = await leapfrog(potential, metric, start, Math.PI / 2);
    for (let j = 0; j < 2; j++) {
      expect(quarter.position[j]).toBeCloseTo(center[j] + variances[j] * start.momentum[j], 12);
      expect((await leapfrog(potential, metric, there, -1.1)).position[j]).toBeCloseTo(start.position[j], 12);
    }
  });

  it("draws momenta whose covariance is the inverse of the metric's", () => {
    const covariance = matrixFromRows([
      [1, 0.6],
      [0.6, 0.5],
    ]);
    const random = createRandom(seed, 0, 2);
    const metric = denseMetric(covariance);
    const sums = new RunningMoments("dense", 2);
    for (let n = 0; n < 40_000; n++) sums.add(metric.drawMomentum(() => random.normal()));
    const { covariance: found } = sums.regularised(identity(2));
    const expected = invertPositiveDefinite(covariance);
    // Standard error of an entry: √((V_ii V_jj + V_ij²)/n), V_11 = 3.57, V_22 = 7.14.
    expected.data.forEach((value, k) => {
      expect(Math.abs(found.data[k] - value)).toBeLessThan((4.5 * Math.SQRT2 * 7.2) / 200);
    });
  });
});

describe("the no-U-turn criterion", () => {
  /** A trajectory of a unit oscillator, θ = sin t and p = cos t, from t = first on. */
  function arc(first: number, step: number, length: number): Trajectory {
    const point = (t: number) => {
      const momentum = Float64Array.of(Math.cos(t));
      const gradient = Float64Array.of(Math.sin(t));
      return { position: gradient, momentum, velocity: momentum, loss: 0, gradient, energy: 0.5 };
    };
    if (length === 1) return singlePoint(point(first), 0);
    const [base, addition] = [arc(first, step, length / 2), arc(first + (step * length) / 2, step, length / 2)];
    return join(base, addition, 1, 0, base.sample).trajectory;
  }
  const turns = (first: number, span: number, direction: 1 | -1) => {
    const step = span / 63;
    const [earlier, later] = [arc(first, step, 32), arc(first + 32 * step, step, 32)];
    return direction > 0
      ? join(earlier, later, 1, 0, earlier.sample).isTurning
      : join(later, earlier, -1, 0, later.sample).isTurning;
  };

  it.each([1, -1] as const)(
    "finds the turn of an oscillator where the momentum changes its sign (direction %i)",
    (d) => {
      expect(turns(0, 0.49 * Math.PI, d)).toBe(false);
      expect(turns(0, 0.51 * Math.PI, d)).toBe(true);
      expect(turns(-0.49 * Math.PI, 0.98 * Math.PI, d)).toBe(false);
      expect(turns(-0.51 * Math.PI, 1.02 * Math.PI, d)).toBe(true);
    },
  );

  it("finds it, too, where the two ends go the same way after a whole period", () => {
    // The ends of the arc and the sum of its momenta all point forwards.
    const [first, span] = [-0.1 * Math.PI, 2.3 * Math.PI];
    const whole = arc(first, span / 63, 64);
    expect(dot(whole.first.velocity, whole.momentumSum)).toBeGreaterThan(0);
    expect(dot(whole.last.velocity, whole.momentumSum)).toBeGreaterThan(0);
    expect(turns(first, span, 1)).toBe(true);
  });

  it("stops trajectories of a normal target before a whole period", async () => {
    const potential = normalTarget(identity(3));
    const metric = diagonalMetric(new Float64Array(3).fill(1));
    const random = createRandom(seed, 0, 2);
    let position = Float64Array.of(1, 0, -1);
    for (let n = 0; n < 100; n++) {
      const start = withFreshMomentum(metric, { position, ...(await potential.evaluate(position)) }, () =>
        random.normal(),
      );
      const { point, steps, depth } = await transition(potential, metric, start, 0.1, () => random.uniform());
      // A doubling to 64 points spans a whole period; half a period has 31.
      expect(steps).toBeLessThanOrEqual(63);
      expect(depth).toBeGreaterThanOrEqual(3);
      position = point.position as Float64Array<ArrayBuffer>;
    }
  });
});

describe("adaptation", () => {
  it("of the step size reaches the acceptance that is asked for", () => {
    for (const target of [0.6, 0.8, 0.95]) {
      const step = new DualAveraging(target, 1);
      for (let n = 0; n < 1000; n++) step.update(Math.exp(-(step.stepSize ** 2)));
      expect(Math.exp(-(step.finalStepSize ** 2))).toBeCloseTo(target, 2);
    }
  });

  it("follows Stan's windows", () => {
    expect(warmUpWindows("dense", 1000)).toEqual({ start: 75, ends: [100, 150, 250, 450, 950] });
    expect(warmUpWindows("dense", 500)).toEqual({ start: 75, ends: [100, 150, 250, 450] });
    expect(warmUpWindows("dense", 499)).toEqual({ start: 75, ends: [100, 150, 449] });
    expect(warmUpWindows("dense", 149)).toEqual({ start: 149, ends: [] });
    expect(warmUpWindows("normal", 200)).toEqual({ start: 20, ends: [70, 140] });
  });

  it("computes the covariance of a window, drawn towards the guess", () => {
    const rows = [Float64Array.of(1, 2), Float64Array.of(3, 1), Float64Array.of(5, 6)];
    const dense = new RunningMoments("dense", 2);
    const diagonal = new RunningMoments("diagonal", 2);
    for (const row of rows) for (const moments of [dense, diagonal]) moments.add(row);
    // Sample variances 4 and 7, covariance 4; n = 3, k = 7 and 5.
    const expected = [0.3 * 4 + 0.7, 0.3 * 4, 0.3 * 4, 0.3 * 7 + 0.7];
    dense.regularised(identity(2)).covariance.data.forEach((value, k) => {
      expect(value).toBeCloseTo(expected[k], 12);
    });
    expect(diagonal.regularised(identity(2)).covariance.data[3]).toBeCloseTo((3 / 8) * 7 + 5 / 8, 12);
  });

  it("knows a normal law from gradients at a few positions", () => {
    const [center, variances] = [Float64Array.of(3, -1, 0), Float64Array.of(2, 2, 7)];
    const random = createRandom(1, 0, 0);
    const moments = windowMoments("normal", 3);
    for (let n = 0; n < 4; n++) {
      const position = center.map((value, j) => value + Math.sqrt(variances[j]) * random.normal());
      moments.add(
        position,
        position.map((value, j) => (value - center[j]) / variances[j]),
      );
    }
    const { mean, covariance } = moments.regularised(identity(3));
    // The median is that of the first two.
    expect(covariance.data[0]).toBeCloseTo(2, 10);
    for (const j of [0, 1]) expect(mean[j]).toBeCloseTo(center[j], 10);
  });

  it("is not thrown away by one gradient at a wall", () => {
    const moments = windowMoments("normal", 3);
    for (const [position, gradient] of [
      [-1, -1],
      [0, 0],
      [1, 1e6],
    ])
      moments.add(Float64Array.of(position, position, position), Float64Array.of(gradient, position, position));
    const { mean, covariance } = moments.regularised(identity(3));
    expect(Math.abs(mean[0])).toBeLessThanOrEqual(0.5);
    // The others' variances are not misled by it.
    expect(covariance.data[0]).toBeCloseTo(1, 10);
  });
});

describe("chains of the No-U-Turn sampler", () => {
  const correlation = matrixFromRows([
    [1, 0.9, 0.2],
    [0.9, 1, -0.1],
    [0.2, -0.1, 1],
  ]);
  const covariance = congruence(diagonalMatrix([0.1, 1, 5]), correlation);

  it.each(["dense", "diagonal"] as const)("know a normal target's means, sds and correlations (%s)", async (metric) => {
    const found = await chains(normalTarget(covariance), { metric, draws: 1000 });
    for (let i = 0; i < 3; i++) {
      const { mean, error } = expectation(found, 3, (theta) => theta[i]);
      expect(Math.abs(mean), `mean ${i}, seed ${seed}`).toBeLessThan(4.5 * error);
      for (let j = 0; j <= i; j++) {
        const product = expectation(found, 3, (theta) => theta[i] * theta[j]);
        expect(Math.abs(product.mean - covariance.data[3 * i + j]), `second moment ${i} ${j}`).toBeLessThan(
          4.5 * product.error,
        );
        expect(product.error).toBeLessThan(0.08 * Math.sqrt(covariance.data[4 * i] * covariance.data[4 * j]));
      }
    }
    const acceptance = found.flatMap(({ statistics }) => [...statistics.acceptance]);
    const mean = acceptance.reduce((sum, value) => sum + value, 0) / acceptance.length;
    // Dual averaging of log ε errs on the side of short steps.
    expect(mean).toBeGreaterThan(0.78);
    expect(mean).toBeLessThan(0.95);
    expect(checkHamiltonian(found.map(({ statistics }) => statistics)).passed).toBe(true);
  });

  // It is far from the normal law that quarters of a turn suit, so they know less of it.
  it.each([
    ["dense", 0.2],
    ["normal", 0.6],
  ] as const)("follow a bent target (%s)", async (metric, largestError) => {
    const found = await chains(banana, { metric, targetAcceptance: 0.9, draws: 4000 });
    const moments: [string, (theta: Float64Array) => number, number][] = [
      ["x", ([x]) => x, 0],
      ["y", ([, y]) => y, 0],
      ["x²", ([x]) => x * x, 1],
      ["y²", ([, y]) => y * y, 2 * bend ** 2 + width ** 2],
      ["x²y", ([x, y]) => x * x * y, 2 * bend],
      ["x > 1", ([x]) => (x > 1 ? 1 : 0), 0.158655],
    ];
    for (const [name, value, exact] of moments) {
      const { mean, error } = expectation(found, 2, value);
      expect(Math.abs(mean - exact), `${name}, seed ${seed}`).toBeLessThan(4.5 * error);
      expect(error, name).toBeLessThan(largestError);
    }
  });

  it("near to a normal law learn its mean and scale, and forget positions and their squares alike", async () => {
    const [center, sd, size] = [0.7, 1.4, 20];
    const centred = normalTarget(diagonalMatrix(new Array(size).fill(sd ** 2)));
    const evaluate: Potential["evaluate"] = (position) => centred.evaluate(position.map((value) => value - center));
    const found = await chains({ dimension: size, evaluate }, { metric: "normal", warmUp: 200, draws: 1000 });
    const draws = found.flatMap(({ positions }) => [...positions]);
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
    // 80,000 numbers, nearly independent.
    expect(Math.abs(mean - center)).toBeLessThan(4.5 * sd * Math.sqrt(1 / 80_000));
    expect(Math.abs(variance / sd ** 2 - 1)).toBeLessThan(4.5 * Math.sqrt(2 / 80_000));
    for (const power of [1, 2]) {
      const values = found.map(({ positions }) =>
        Float64Array.from({ length: 1000 }, (_, n) => (positions[n * size] - center) ** power),
      );
      expect(effectiveSampleSize(values)).toBeGreaterThan(0.75 * 4000);
    }
    // Two steps a turn.
    expect(found[0].statistics.gradients).toBeLessThan(2.2 * 1000);
  });

  it("are the same for the same seed", async () => {
    const [first, second] = [await chains(banana, { draws: 50 }, 2), await chains(banana, { draws: 50 }, 2)];
    expect(first[0].positions).toEqual(second[0].positions);
    expect(first[0].positions).not.toEqual(first[1].positions);
  });

  it("say so where a narrow part of the target cannot be entered", async () => {
    // Neal's funnel: v ~ N(0, 3²), x | v ~ N(0, e^v) nine times.
    const funnel: Potential = {
      dimension: 10,
      evaluate: async (theta) => {
        const v = theta[0];
        const squares = dot(theta, theta) - v * v;
        const gradient = theta.map((value) => value * Math.exp(-v));
        gradient[0] = v / 9 - 0.5 * squares * Math.exp(-v) + 4.5;
        return { loss: (v * v) / 18 + 0.5 * squares * Math.exp(-v) + 4.5 * v, gradient };
      },
    };
    const found = await chains(funnel, { draws: 500, warmUp: 300 });
    const { passed, message } = checkHamiltonian(found.map(({ statistics }) => statistics));
    expect(passed).toBe(false);
    expect(message).toMatch(/of 2,000 trajectories diverged/);
  });
});

describe("E-BFMI", () => {
  it("is 2 (1 − ρ) for energies of autocorrelation ρ", () => {
    for (const rho of [0, 0.5, 0.9]) {
      const random = createRandom(seed, 0, 2);
      let value = 0;
      const energy = Float64Array.from({ length: 100_000 }, () => {
        value = rho * value + Math.sqrt(1 - rho ** 2) * random.normal();
        return value;
      });
      expect(energyFraction(energy)).toBeCloseTo(2 * (1 - rho), 1);
    }
  });

  it("below 0.3 fails the check, in a sentence", () => {
    const energy = Float64Array.from({ length: 200 }, (_, n) => Math.sin(n / 20));
    const zeros = new Uint8Array(200);
    const statistics = {
      ...{ energy, acceptance: new Float64Array(200).fill(0.8), treeDepth: zeros, diverging: zeros },
      ...{ largestTreeDepth: 10, stepSize: 0.1, warmUpGradients: 1, gradients: 1 },
    };
    expect(checkHamiltonian([statistics])).toMatchObject({ passed: false });
    expect(checkHamiltonian([statistics]).message).toMatch(/E-BFMI of a chain is 0\.0/);
    const diverged = (count: number) => ({
      ...statistics,
      energy: statistics.energy.map((_, n) => Math.sin(12.9898 * n * n)),
      diverging: zeros.map((_, n) => (n < count ? 1 : 0)),
    });
    const four = Array<ReturnType<typeof diverged>>(4).fill(diverged(0));
    expect(checkHamiltonian([diverged(1), ...four])).toMatchObject({ passed: false, slight: true });
    expect(checkHamiltonian([diverged(2), ...four])).toMatchObject({ passed: false, slight: false });
    const cutOff = { ...statistics, treeDepth: zeros.map((_, n) => (n < 3 ? 10 : 2)) };
    expect(checkHamiltonian([cutOff]).message).toMatch(/3 of 200 trajectories were cut off at 1023 steps/);
  });
});

describe("a fit with --sampler nuts", () => {
  it("has its check in the certificate, and does not take Laplace's error for its own", async () => {
    const { x, y } = skewedTarget();
    const posterior = await fit({ x: [...x], y }, { family: "bernoulli", sampler: "nuts", draws: 500 });
    const { checks, verdict, maxSdError, klToLaplace } = posterior.certificate;
    expect(checks.map(({ id, passed }) => [id, passed])).toEqual([
      ["convergence", true],
      ["prediction", true],
      ["accuracy", true],
      ["prior", true],
      ["nuts", true],
    ]);
    expect(checks[1].message).toMatch(/the normal approximation at the mode differ from theirs/);
    expect(checks[4].message).toMatch(/No trajectory diverged/);
    expect(maxSdError).toEqual({ predicted: 0, measured: null });
    expect(klToLaplace.measured).toBeGreaterThan(0.01);
    expect(verdict).toBe("ok");
    expect(posterior.settings).toMatchObject({ preconditioner: "full", burnInSteps: 100, batchSize: null });
  });
});
