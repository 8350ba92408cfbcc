import { describe, expect, it } from "vitest";
import { gaussHermite, productRule } from "./gauss-hermite.ts";

/** E t^n of the standard normal law. */
const moment = (n: number) =>
  n % 2 ? 0 : Array.from({ length: n / 2 }, (_, k) => 2 * k + 1).reduce((a, b) => a * b, 1);

describe("Gauss–Hermite nodes for the standard normal law", () => {
  for (const count of [1, 2, 3, 7, 11, 25, 41])
    it(`${count} nodes integrate polynomials up to the degree ${Math.min(2 * count - 1, 30)}`, () => {
      const { nodes, weights } = gaussHermite(count);
      for (let n = 0; n <= Math.min(2 * count - 1, 30); n++) {
        const sum = nodes.reduce((total, t, k) => total + weights[k] * t ** n, 0);
        const size = Math.max(1, moment(n + (n % 2)));
        expect(Math.abs(sum - moment(n)) / size).toBeLessThan(1e-11);
      }
    });

  it("the nearest to 0 comes first", () => {
    expect(Math.abs(gaussHermite(7).nodes[0])).toBeLessThan(1e-12);
    expect([...productRule(3, 2).nodes.subarray(0, 2)].every((t) => Math.abs(t) < 1e-12)).toBe(true);
  });

  it("products integrate what belongs to several dimensions", () => {
    const { nodes, weights } = productRule(5, 3);
    let sum = 0;
    weights.forEach((weight, k) => {
      const [a, b, c] = nodes.subarray(3 * k);
      sum += weight * (a ** 2 * b ** 4 + a * b * c + c ** 2);
    });
    expect(sum).toBeCloseTo(4, 12);
  });
});
