import { describe, expect, it } from "vitest";
import { errorsAgainst } from "./errors.mjs";

const reference = { mean: [1, -2], sd: [0.5, 0.1] };

describe("errors against a reference", () => {
  it("are in posterior sds for means, relative for sds, and the largest of all parameters", () => {
    const found = errorsAgainst({ mean: [1.01, -2.008], sd: [0.5, 0.097] }, reference);
    expect(found.mean).toBeCloseTo(0.08, 10);
    expect(found.sd).toBeCloseTo(0.03, 10);
    expect(found.reached).toBe(true);
  });

  it("are too large if one mean is off by more than 0.1 sd, or one sd by more than 5%", () => {
    expect(errorsAgainst({ mean: [1, -1.985], sd: [0.5, 0.1] }, reference).reached).toBe(false);
    expect(errorsAgainst({ mean: [1, -2], sd: [0.53, 0.1] }, reference).reached).toBe(false);
  });

  it("of a chain that diverged are infinite", () => {
    expect(errorsAgainst({ mean: [Number.NaN, -2], sd: [0.5, 0.1] }, reference)).toEqual({
      mean: Number.POSITIVE_INFINITY,
      sd: 0,
      reached: false,
    });
  });

  it("cannot be told of other parameters", () => {
    expect(() => errorsAgainst({ mean: [1], sd: [1] }, reference)).toThrow("has 1 parameters, the reference 2");
  });
});
