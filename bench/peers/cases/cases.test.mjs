import { describe, expect, it } from "vitest";
import { inOrderOf } from "./logistic.mjs";
import { estimatesOf, multilevelErrors } from "./multilevel.mjs";

describe("ours in the order of the design", () => {
  const coefficients = [
    { name: "Intercept", standardized: { mean: 3, sd: 0.3 } },
    { name: "x", standardized: { mean: 1, sd: 0.1 } },
  ];

  it("is found by name", () => {
    expect(inOrderOf(["x", "Intercept"], coefficients)).toEqual({ mean: [1, 3], sd: [0.1, 0.3] });
  });

  it("needs every column", () => {
    expect(() => inOrderOf(["z"], coefficients)).toThrow("has no coefficient z");
  });
});

describe("errors of a multilevel model", () => {
  const reference = new Map([
    ["x", { mean: 1, sd: 0.1 }],
    ["sd(g)", { mean: 0.7, sd: 0.01 }],
  ]);
  const estimates = (x, se, sd) =>
    new Map([
      ["x", { estimate: x, se }],
      ["sd(g)", { estimate: sd }],
    ]);

  it("keep coefficients and sds of effects apart", () => {
    const found = multilevelErrors(estimates(1.005, 0.098, 0.65), reference);
    expect(found.mean).toBeCloseTo(0.05, 10);
    expect(found.variances).toBeCloseTo(5, 10);
    expect(found.sd).toBeCloseTo(0.02, 10);
    expect(found.reached).toBe(false);
    expect(multilevelErrors(estimates(1.005, 0.098, 0.7005), reference).reached).toBe(true);
  });

  it("find ours by the names of the references", () => {
    const at = (mean) => ({ standardized: { mean, sd: 0.1 } });
    const group = {
      factor: "g",
      sds: [{ name: "Intercept", ...at(0.7) }],
      correlations: [{ names: ["Intercept", "x"], ...at(0.3) }],
    };
    const found = estimatesOf(
      { coefficients: [{ name: "treatment", ...at(1) }], groups: [group] },
      { treatment: "treatment[b]" },
    );
    expect([...found.keys()]).toEqual(["treatment[b]", "sd(g)[Intercept]", "cor(g)"]);
    expect(found.get("cor(g)")).toEqual({ estimate: 0.3, se: 0.1 });
  });

  it("are not known without a reference, and cannot be of nothing", () => {
    expect(multilevelErrors(estimates(1, 1, 1), undefined)).toBeUndefined();
    expect(() => multilevelErrors(new Map([["z", { estimate: 1 }]]), reference)).toThrow("No parameter");
  });
});
