import { describe, expect, it } from "vitest";
import type { RunOptions } from "./fit.ts";
import { fit } from "./fit-inline.ts";
import type { FitInput } from "./input/load.ts";

const count = 300;
const x = Array.from({ length: count }, (_, n) => Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n));
const chance = x.map((value, n) => value + 1.5 * Math.sin(12.9898 * n * n));
const status = chance.map((value) => (value > 0.2 ? "well" : "sick"));
const city = x.map((_, n) => ["Rome", "Oslo", "Lima"][n % 3]);
const quick = { sampler: "laplace", draws: 100 } as const;

const flipped = async (input: FitInput, event: RunOptions["event"]) => {
  const [usual, other] = await Promise.all([fit(input, quick), fit(input, { ...quick, event })]);
  usual.coefficients.forEach(({ standardized }, j) => {
    const opposite = other.coefficients[j].standardized.laplaceMean!;
    expect(opposite).toBeCloseTo(-standardized.laplaceMean!, 6);
    expect(other.coefficients[j].standardized.laplaceSd!).toBeCloseTo(standardized.laplaceSd!, 6);
  });
  return { usual, other };
};

describe("the event", () => {
  it("is said, and the other one flips every sign", async () => {
    const { usual, other } = await flipped({ data: { status, x, city }, formula: "status ~ x + city" }, "sick");
    expect(usual.data).toMatchObject({ target: "status = well", event: "well", modelled: "P(status = well)" });
    expect(other.data).toMatchObject({ target: "status = sick", event: "sick", modelled: "P(status = sick)" });
    expect(usual.references).toEqual({ city: "Lima" });
    const rows = { status, x, city };
    const [first, second] = [await usual.predict(rows), await other.predict(rows)];
    const [p, q] = [first.columns.probability, second.columns.probability] as Float64Array[];
    p.forEach((value, n) => {
      expect(Math.abs(value + q[n] - 1)).toBeLessThan(0.02);
      if (Math.abs(value - 0.5) > 0.02) expect(second.columns.prediction[n]).toBe(first.columns.prediction[n]);
    });
    expect(second.scores!.logScore).toBeCloseTo(first.scores!.logScore, 2);
  });

  it("is a number, a truth value or a comparison", async () => {
    const isLate = chance.map((value) => value > 0.2);
    const one = chance.map((value) => (value > 0.2 ? 2 : 1));
    const data = { isLate, one, chance, x };
    const late = await flipped({ data, formula: "isLate ~ x" }, false);
    expect([late.usual.data.modelled, late.other.data.modelled]).toEqual(["P(isLate = true)", "P(isLate = false)"]);
    const number = await flipped({ data, formula: "one ~ x" }, 1);
    expect([number.usual.data.event, number.other.data.event]).toEqual(["2", "1"]);
    const compared = await flipped({ data, formula: "chance > 0.2 ~ x" }, "false");
    expect([compared.usual.data.modelled, compared.other.data.modelled]).toEqual([
      "P(chance > 0.2)",
      "P(not (chance > 0.2))",
    ]);
    expect(compared.other.coefficients[0].mean).toBeLessThan(0);
  });

  it("is taken of arrays, dense and sparse", async () => {
    const y = chance.map((value) => (value > 0.2 ? 1 : 0));
    const arrays = await flipped({ x: x.map((value) => [value]), y }, 0);
    expect([arrays.usual.data.modelled, arrays.other.data.modelled]).toEqual(["P(y = 1)", "P(y = 0)"]);
    const indptr = Array.from({ length: count + 1 }, (_, n) => n);
    await flipped({ sparse: { indptr, indices: x.map(() => 0), values: x, columns: 1 }, y }, 0);
  });

  it("is what the observed values are 1 of", async () => {
    const input = { data: { status, x }, formula: "status ~ x" };
    const { observed, recipe } = await fit(input, { ...quick, event: "sick", keepTarget: true });
    expect(recipe.target.levels).toEqual(["well", "sick"]);
    expect([...observed!]).toEqual(status.map((value) => (value === "sick" ? 1 : 0)));
  });

  it.each([
    [
      { event: "sik" },
      "status ~ x",
      'The option event cannot be "sik": status is "sick" or "well", and the event is one of these two.',
    ],
    [
      { event: 3 },
      "x > 0 ~ chance",
      'The option event cannot be 3: x > 0 is "false" or "true", and the event is one of these two.',
    ],
    [
      { event: "Rome" },
      "city ~ x",
      'The option event names one of the two values of a bernoulli target, and this fit of city is of the categorical family: leave it out, or make two values of the target, as in city == "Lima" ~ ….',
    ],
    [
      { event: "sick", family: "categorical" },
      "status ~ x",
      "The option event names one of the two values of a bernoulli target, and this fit of status is of the categorical family: leave it out, or give --family bernoulli.",
    ],
    [{ event: 1 }, "x ~ city", /this fit of x is of the gaussian family: leave it out, or make two values/],
  ] as const)("%j of %s is refused", (options, formula, message) =>
    expect(fit({ data: { status, x, city, chance }, formula }, { ...quick, ...options })).rejects.toThrow(message),
  );
});

describe("references", () => {
  it("are of factors that are coded against a level, and the class of a reference coding", async () => {
    const kind = x.map((_, n) => ["a", "b", "c"][(n % 7) % 3]);
    const data = { kind, x, city, status };
    const coded = await fit({ data, formula: 'kind ~ C(city, ref="Oslo"):x + x + status' }, quick);
    expect(coded.references).toEqual({ "C(city)": "Oslo", status: "sick" });
    expect(coded.data).toMatchObject({ classes: ["a", "b", "c"], referenceClass: "a" });
    const symmetric = await fit({ data, formula: "kind ~ 0 + city" }, { ...quick, classCoding: "symmetric" });
    expect(symmetric.references).toEqual({});
    expect(symmetric.data.referenceClass).toBeUndefined();
  });
});
