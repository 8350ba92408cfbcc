import { describe, expect, it } from "vitest";
import { identity, matrixFromRows } from "../linalg/matrix.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { langevinAsSgd } from "./langevin.ts";
import { continuousStationaryCovariance, discreteStationaryCovariance } from "./stationary.ts";

describe("stochastic gradient Langevin dynamics", () => {
  const given = {
    hessian: matrixFromRows([[2]]),
    noiseCovariance: matrixFromRows([[3]]),
    numRows: 1000,
    batchSize: 10,
  };

  it("has the corrected law in one dimension, not the printed one", () => {
    const sgld = langevinAsSgd(given, 1e-5);
    expect(continuousStationaryCovariance(sgld).data[0]).toBeCloseTo(8.75e-4, 12);
    expect(discreteStationaryCovariance(sgld).data[0]).toBeCloseTo(8.794e-4, 7);
    const printed = (1 + ((1e-5 * 1000) / 20) * 3) / (1000 * 2);
    expect(printed).toBeCloseTo(5.0e-4, 5);
  });

  it("agrees with a simulation within four standard errors", () => {
    const random = createRandom(5, 0, 1);
    const rate = 1e-5;
    const law = discreteStationaryCovariance(langevinAsSgd(given, rate)).data[0];
    let theta = Math.sqrt(law) * random.normal();
    let squares = 0;
    const steps = 400_000;
    for (let t = 0; t < steps; t++) {
      const gradient = 2 * theta + Math.sqrt(3 / 10) * random.normal();
      theta += -(rate / 2) * 1000 * gradient + Math.sqrt(rate) * random.normal();
      squares += theta ** 2 / steps;
    }
    // Squares are correlated by ρ^(2k), ρ = 1 − (ε/2) N a = 0.99.
    const effective = (steps * (1 - 0.99 ** 2)) / (1 + 0.99 ** 2);
    expect(Math.abs(squares / law - 1) / Math.sqrt(2 / effective)).toBeLessThan(4);
  });

  it("samples from the posterior as the rate → 0", () => {
    const sgld = langevinAsSgd({ ...given, hessian: identity(1, 2) }, 1e-10);
    expect(discreteStationaryCovariance(sgld).data[0] * 2000).toBeCloseTo(1, 4);
  });
});
