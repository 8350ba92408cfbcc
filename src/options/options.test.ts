import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import { defaultInterceptPrior, defaultPrior } from "../priors/prior.ts";
import { effectOptions } from "./effect-options.ts";
import { refuseForeignModelOptions } from "./foreign-options.ts";
import type { OptionTable } from "./option.ts";
import { type FitOptions, fitOptions } from "./options.ts";
import { refuseOptionsAmong, resolveOptions } from "./resolve-options.ts";

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

const refusal = (options: unknown) => messageOf(() => resolveOptions(options as FitOptions));
const laplace = { kind: "laplace", mean: 0, scale: 0.5 } as const;
const normal = { kind: "normal", mean: 0, sd: 1 } as const;

describe("options", () => {
  test.each(Object.entries<OptionTable[string]>({ ...fitOptions, ...effectOptions }))(
    "%s has a default that it takes, or words for it",
    (_, option) => {
      const { default: value, otherwise, accepts } = option;
      expect([value === undefined, otherwise === undefined]).toContain(false);
      if (value !== undefined) expect(accepts(value)).toBe(true);
      for (const word of option.words ?? []) expect(accepts(word)).toBe(true);
      expect([null, Number.NaN, Infinity, [7], 5n, Symbol("s"), () => 1].filter(accepts)).toEqual([]);
    },
  );

  test("that do not exist are refused, and what may have been meant is said", () => {
    expect(refusal({ smapler: "nuts" })).toBe("There is no option smapler; did you mean sampler?");
  });

  test("among the data are refused: nobody would read them", () => {
    expect(messageOf(() => refuseOptionsAmong({ data: {}, formula: "y ~ x", family: "poisson" }))).toBe(
      "The option family stands with the data; options are the second argument, as in fit({ data, formula }, { family }).",
    );
    expect(messageOf(() => refuseOptionsAmong({ path: "a.csv", formula: "y ~ x", weights: "w" }))).toMatch(
      /^The option weights/,
    );
    refuseOptionsAmong({ x: [], y: [], weights: [] });
  });
});

describe("the prior of coefficients", () => {
  const priorsOf = (prior: FitOptions["prior"]) => {
    const { default: general, named } = resolveOptions({ prior }).priors;
    return [general, Object.fromEntries(named ?? [])];
  };

  test.each<[FitOptions["prior"], unknown, unknown]>([
    [undefined, defaultPrior, {}],
    ["normal(0, 1)", normal, {}],
    [{ mean: 0, sd: 1 }, normal, {}],
    [laplace, laplace, {}],
    [["normal(0, 1)"], normal, {}],
    [["log(x): laplace(0, 0.5)"], defaultPrior, { "log(x)": laplace }],
    ["log(x) : laplace(0, 0.5)", defaultPrior, { "log(x)": laplace }],
    [["a:b: normal(0, 1)", "laplace(0, 0.5)"], laplace, { "a:b": normal }],
    [["normal: normal(0, 1)", "at 10:30:laplace(0,0.5)"], defaultPrior, { normal, "at 10:30": laplace }],
    [
      { default: "normal(0, 1)", terms: { "a:b": laplace, c: { mean: 0, sd: 1 } } },
      normal,
      { "a:b": laplace, c: normal },
    ],
    [{ terms: { x: "laplace(0, 0.5)" } }, defaultPrior, { x: laplace }],
  ])("%j", (prior, general, named) => {
    expect(priorsOf(prior)).toEqual([general, named]);
    expect(resolveOptions({ prior }).learnPrior).toBe(false);
  });

  test("learned, for all or none", () => {
    for (const prior of ["learned", [" learned "], { default: "learned" }])
      expect(resolveOptions({ prior })).toMatchObject({ learnPrior: true, priors: { default: defaultPrior } });
    for (const prior of [["learned", "x: normal(0, 1)"], "x: learned", { terms: { x: "learned" } }])
      expect(refusal({ prior })).toMatch(/^The prior is learned for all coefficients or for none/);
  });

  test("of the intercept", () => {
    expect(resolveOptions({}).priors.intercept).toEqual(defaultInterceptPrior);
    expect(resolveOptions({ interceptPrior: "laplace(0, 0.5)" }).priors.intercept).toEqual(laplace);
    expect(refusal({ interceptPrior: "learned" })).toMatch(/cannot be learned/);
  });

  test.each<[unknown, RegExp]>([
    [["normal(0, 1)", "laplace(0, 1)"], /^Two priors are given for all coefficients: /],
    [["x: normal(0, 1)", "x: laplace(0, 1)"], /^Two priors are given for "x": /],
    ["x: nromal(0, 1)", /^The prior of "x" cannot be "nromal\(0, 1\)": write .* \(did you mean normal\?\)\.$/],
    ["a:b: normal(0)", /^The prior of "a:b" cannot be "normal\(0\)": /],
    ["x: horseshoe(1)", /^The prior of "x" cannot be a horseshoe: /],
    ["horseshoe(1)", /^prior cannot be a horseshoe: /],
    [{ mean: 0, sd: 0 }, /^The option prior cannot be \{"mean":0,"sd":0\}: it takes normal\(0, 2\.5\)/],
    [{ kind: "cauchy", scale: 1 }, /^The option prior cannot be /],
    [{ default: "normal(0, 1)", term: {} }, /^The option prior cannot be /],
    [7, /^The option prior cannot be 7/],
  ])("%j is refused", (prior, sentence) => expect(refusal({ prior })).toMatch(sentence));
});

describe("the priors of other parameters", () => {
  test("are read", () => {
    const options = {
      sigmaPrior: "half-normal(2)",
      dispersion: "learned",
      nuPrior: { kind: "gamma", shape: 2, rate: 1 },
    };
    expect(resolveOptions(options as FitOptions)).toMatchObject({
      sigmaPrior: { kind: "half-normal", scale: 2 },
      dispersion: "learned",
      dispersionPrior: undefined,
      nuPrior: { kind: "gamma", shape: 2, rate: 1 },
    });
    expect(resolveOptions({ nu: 4, dispersion: 0.5 })).toMatchObject({ nu: 4, dispersion: 0.5 });
  });

  test.each<[FitOptions, RegExp]>([
    [{ sigma: 1, sigmaPrior: "exponential(1)" }, /^The option sigmaPrior is of no use where sigma is 1: /],
    [{ sigma: "em", sigmaPrior: "exponential(1)" }, /where sigma is em/],
    [{ nu: 4, nuPrior: "gamma(2, 0.1)" }, /where nu is 4/],
    [{ dispersionPrior: "normal(0, 1)" }, /^dispersionPrior cannot be "normal\(0, 1\)": write exponential\(1\)/],
    [{ nu: 0 }, /^The option nu cannot be 0: it takes learned, or a number from 0\.01 to 1,000,000/],
    [{ dispersion: -1 }, /^The option dispersion cannot be -1/],
  ])("%j is refused", (options, sentence) => expect(refusal(options)).toMatch(sentence));
});

describe("options of other families", () => {
  test.each<[string, FitOptions, string | undefined]>([
    ["gaussian", { sigma: "learned", sigmaPrior: "exponential(1)" }, undefined],
    ["student-t", { sigma: 1, nu: "learned", nuPrior: "gamma(2, 0.1)" }, undefined],
    ["negative-binomial", { dispersion: "learned", dispersionPrior: "exponential(1)" }, undefined],
    ["poisson", {}, undefined],
    [
      "poisson",
      { nu: 4 },
      "The option nu is for the student-t family, and this fit is of the poisson family: leave it out, or give another family.",
    ],
    [
      "bernoulli",
      { sigmaPrior: "exponential(1)" },
      "The option sigmaPrior is for the gaussian and student-t families, and this fit is of the bernoulli family: leave it out, or give another family.",
    ],
    [
      "gaussian",
      { dispersion: 1 },
      "The option dispersion is for the negative-binomial family, and this fit is of the gaussian family: leave it out, or give another family.",
    ],
  ])("%s with %j", (family, options, sentence) => {
    const check = () => refuseForeignModelOptions(family, resolveOptions(options));
    if (sentence === undefined) check();
    else expect(messageOf(check)).toBe(sentence);
  });
});
