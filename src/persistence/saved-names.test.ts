import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { savedVariables } from "./saved-names.ts";

const namesOf = (linear: string[], auxiliaries: string[] = []) =>
  savedVariables(linear, auxiliaries).map(({ variable }) => variable);

describe("savedVariables", () => {
  it("keeps the names of the table where HDF5 takes them", () => {
    const names = ["C(hour)[1]", "a b:ü[São Paulo]", "log(x + 1)", "Intercept"];
    expect(namesOf(names, ["sigma"])).toEqual([...names, "sigma"]);
  });

  it("writes a path separator as ∕, and tells apart what becomes the same", () => {
    expect(namesOf(["x/2", "x∕2", "e\u0301", "é", ".", "..", " ", "draw", "chain", "a\nb"])).toEqual([
      "x∕2",
      "x∕2_2",
      "é",
      "é_2",
      "_.",
      "_..",
      "_",
      "draw_2",
      "chain_2",
      "a b",
    ]);
  });

  it("cuts long names at whole characters", () => {
    const [first, second] = namesOf([`${"€".repeat(100)}1`, `${"€".repeat(100)}2`]);
    expect(first).toBe("€".repeat(80));
    expect(second).toBe(`${first}_2`);
  });

  it("makes one vector of very many linear coefficients, and leaves auxiliary parameters by themselves", () => {
    const names = Array.from({ length: 201 }, (_, j) => `word[${j}]`);
    expect(savedVariables(names, ["sigma"])).toEqual([
      { variable: "beta", coefficients: names, isVector: true },
      { variable: "sigma", coefficients: ["sigma"], isVector: false },
    ]);
  });

  it("gives every coefficient a name that netCDF takes, all of them different", () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary", maxLength: 300 }), { maxLength: 30 });
    fc.assert(
      fc.property(names, (linear) => {
        const variables = namesOf(linear);
        expect(new Set(variables).size).toBe(linear.length);
        for (const variable of variables) {
          expect(variable).not.toMatch(/\/|\p{Cc}|^\s|\s$|^\.*$/u);
          expect(variable).toBe(variable.normalize("NFC"));
          expect(new TextEncoder().encode(variable).length).toBeLessThanOrEqual(255);
        }
      }),
    );
  });
});
