import { describe, expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { fit } from "./fit-inline.ts";

/** Years, whose powers are nearly collinear, in groups of two factors. */
function years() {
  const random = createRandom(7, 0, 9);
  const rows = Array.from({ length: 240 }, (_, n) => ({ year: 2000 + (n % 21), a: `a${n % 12}`, b: `b${n % 7}` }));
  return rows.map((row) => ({ ...row, y: 0.02 * (row.year - 2010) ** 2 + random.normal() }));
}

const options = { family: "gaussian", draws: 400, chains: 2 } as const;
const input = (columns: string, terms: string) => ({ data: years(), formula: `y ~ ${columns} + ${terms}` });

describe.each([["(1 | a)"], ["(1 | a) + (1 | b)"]])("beside %s", (terms) => {
  it("powers of a column that the prior decides about are named", async () => {
    const near = await fit(input("year + I(year^2) + I(year^3)", terms), options);
    const prior = near.certificate.checks.find(({ id }) => id === "prior")!;
    expect(prior.passed).toBe(false);
    expect(prior.message).toContain("year");
    expect(near.warnings.join(" ")).toContain('"year", "I(year^2)" and "I(year^3)" are duplicated or collinear');
    expect(near.certificate.verdict).not.toBe("ok");
  });

  it("orthogonal ones pass", async () => {
    const apart = await fit(input("poly(year, 3)", terms), options);
    expect(apart.certificate.checks.find(({ id }) => id === "prior")).toMatchObject({ passed: true });
    expect(apart.warnings).toEqual([]);
  });

  it("columns that single precision hardly tells apart are told of", async () => {
    const data = years().map((row, n) => ({ ...row, near: row.year + 1e-3 * (n % 2) }));
    const { warnings } = await fit(
      { data, formula: `y ~ year + near + ${terms}` },
      { ...options, prior: "normal(0, 1e4)" },
    );
    expect(warnings.join(" ")).toContain("single precision hardly tells them apart, and with ");
  });

  it("rows are counted, not groups, against the columns", async () => {
    const few = years().map((row) => ({ ...row, a: `a${Number(row.year) % 2}` }));
    const { warnings } = await fit({ data: few, formula: `y ~ poly(year, 3) + ${terms}` }, options);
    expect(warnings.join(" ")).not.toContain("fewer rows");
  });

  it.each([
    ["columns", () => 0],
    ["columns and effects", (level: string) => Math.sin(7 * Number(level.slice(1)))],
  ])("a target that the %s explain to rounding is refused", async (_, effect) => {
    const data = years().map((row) => ({ ...row, y: 3 * row.year + 1 + effect(row.a) }));
    await expect(fit({ data, formula: `y ~ year + ${terms}` }, options)).rejects.toThrow(
      /to seven digits|fits the target exactly/,
    );
  });
});
