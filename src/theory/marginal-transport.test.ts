import erf from "@stdlib/math-base-special-erf";
import { describe, expect, it } from "vitest";
import { marginalTransport, type ProfilePoint } from "./marginal-transport.ts";

const normalCdf = (x: number, mean: number, sd: number) => 0.5 * (1 + erf((x - mean) / (sd * Math.SQRT2)));

function pointsOf(loss: (t: number) => number, slope: (t: number) => number, from: number, to: number, count = 49) {
  return Array.from({ length: count }, (_, k): ProfilePoint => {
    const t = from + ((to - from) * k) / (count - 1);
    return { t, loss: loss(t), slope: slope(t) };
  });
}

describe("the map from a standard normal variable to a density", () => {
  it("is a straight line for a normal density", () => {
    const transport = marginalTransport([
      pointsOf(
        (t) => 0.5 * ((t - 1) / 3) ** 2,
        (t) => (t - 1) / 9,
        -19,
        21,
      ),
    ]);
    for (const u of [-6, -3, -0.7, 0, 1.3, 4]) {
      expect(transport.value(u)).toBeCloseTo(1 + 3 * u, 2);
      expect(transport.slope(u).slope).toBeCloseTo(3, 1);
    }
  });

  it("gives the logarithm of an exponential variable", () => {
    // t = log x, x ~ exponential: F(t) = 1 − exp(−eᵗ).
    const transport = marginalTransport([
      pointsOf(
        (t) => Math.exp(t) - t,
        (t) => Math.exp(t) - 1,
        -22,
        3.4,
        121,
      ),
    ]);
    const quantiles = [
      [-2.3263478740408408, 0.01],
      [0, 0.5],
      [1.2815515655446004, 0.9],
      [3.090232306167813, 0.999],
    ];
    for (const [u, p] of quantiles) expect(transport.value(u)).toBeCloseTo(Math.log(-Math.log(1 - p)), 3);
  });

  it("is that of the average where there are several densities", () => {
    const normals = [-2, 3].map((mean) =>
      pointsOf(
        (t) => 0.5 * (t - mean) ** 2,
        (t) => t - mean,
        mean - 7,
        mean + 7,
      ),
    );
    const transport = marginalTransport(normals);
    for (const u of [-2, -0.5, 0, 0.5, 1, 2]) {
      const t = transport.value(u);
      expect(0.5 * normalCdf(t, -2, 1) + 0.5 * normalCdf(t, 3, 1)).toBeCloseTo(normalCdf(u, 0, 1), 2);
    }
  });

  it("leaves room behind a wall: half of its thickness for each unit", () => {
    // The loss rises from ½ to 2 over log 4 = 1.39, the wall's thickness.
    const transport = marginalTransport([
      pointsOf(
        (t) => Math.exp(t) + 0.5 * (t / 50) ** 2,
        (t) => Math.exp(t) + t / 2500,
        -300,
        3.5,
        401,
      ),
    ]);
    for (const u of [4, 5, 10]) {
      expect(transport.slope(u).slope).toBeGreaterThan(0.5 * Math.log(4));
      expect(transport.slope(u).slope).toBeLessThan(Math.log(4));
    }
  });

  it("has the derivatives of its own values", () => {
    // A wall on the right of a wide half-normal density, as of a level that an event never occurs with.
    const transport = marginalTransport([
      [
        ...pointsOf(
          (t) => Math.exp(t) + 0.5 * (t / 50) ** 2,
          (t) => Math.exp(t) + t / 2500,
          -300,
          0,
        ),
        ...pointsOf(
          (t) => Math.exp(t) + 0.5 * (t / 50) ** 2,
          (t) => Math.exp(t) + t / 2500,
          0.1,
          3.5,
        ),
      ],
    ]);
    const step = 1e-5;
    for (let u = -5.9; u < 6; u += 0.23) {
      const { slope, log, logSlope } = transport.slope(u);
      expect(slope).toBeGreaterThan(0);
      expect((transport.value(u + step) - transport.value(u - step)) / (2 * step)).toBeCloseTo(slope, 3);
      const change = (transport.slope(u + step).log - transport.slope(u - step).log) / (2 * step);
      expect(Math.abs(change - logSlope)).toBeLessThan(1e-3 * (1 + Math.abs(logSlope)));
      expect(log).toBe(Math.log(slope));
    }
  });
});
