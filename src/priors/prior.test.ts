import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import type { Prior } from "./densities.ts";
import { parsePrior, priorText } from "./prior.ts";
import { readScalePrior } from "./scale-prior.ts";

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

describe("priors of coefficients", () => {
  test.each([
    ["normal(0, 2.5)", { kind: "normal", mean: 0, sd: 2.5 }],
    [" Normal( -1e-1 ,2 ) ", { kind: "normal", mean: -0.1, sd: 2 }],
    ["student-t(3, 0.5, 1)", { kind: "student-t", degrees: 3, mean: 0.5, scale: 1 }],
    ["laplace(0, 1)", { kind: "laplace", mean: 0, scale: 1 }],
  ])("%s", (text, prior) => {
    expect(parsePrior(text, "prior")).toEqual(prior);
    expect(parsePrior(priorText(prior as Prior), "prior")).toEqual(prior);
  });

  const forms = "write normal(0, 2.5), student-t(3, 0, 1) or laplace(0, 1)";
  test.each([
    ["normal(0, 0)", "it is normal(mean, sd) with sd above 0, such as normal(0, 2.5)."],
    ["normal(0)", "it is normal(mean, sd) with sd above 0, such as normal(0, 2.5)."],
    ["normal(0, )", "it is normal(mean, sd) with sd above 0, such as normal(0, 2.5)."],
    ["normal(a, 1)", "it is normal(mean, sd) with sd above 0, such as normal(0, 2.5)."],
    ["normal(0, Infinity)", "it is normal(mean, sd) with sd above 0, such as normal(0, 2.5)."],
    ["laplace(0, -1)", "it is laplace(mean, scale) with scale above 0, such as laplace(0, 1)."],
    [
      "student-t(0, 1, 1)",
      "it is student-t(degrees, mean, scale) with degrees and scale above 0, such as student-t(3, 0, 1).",
    ],
    ["nromal(0, 1)", `${forms} (did you mean normal?).`],
    ["cauchy(0, 1)", `${forms}.`],
    ["toString(0, 1)", `${forms}.`],
    ["normal", `${forms}.`],
    ["", `${forms}.`],
  ])("%s is refused", (text, sentence) =>
    expect(messageOf(() => parsePrior(text, "prior"))).toBe(`prior cannot be "${text}": ${sentence}`),
  );

  test.each(["horseshoe(1)", "horseshoe()", "horseshoe"])("%s is refused with the reason", (text) =>
    expect(messageOf(() => parsePrior(text, "prior"))).toMatch(
      /^prior cannot be a horseshoe: its posterior is a funnel/,
    ),
  );
});

describe("priors of positive parameters", () => {
  test.each([
    ["exponential(2)", { kind: "exponential", rate: 2 }],
    ["half-normal(1.5)", { kind: "half-normal", scale: 1.5 }],
    ["half-student-t(3, 10)", { kind: "half-student-t", degrees: 3, scale: 10 }],
    ["half-student-t(3, 0, 10)", { kind: "half-student-t", degrees: 3, scale: 10 }],
    ["gamma(2, 0.1)", { kind: "gamma", shape: 2, rate: 0.1 }],
  ])("%s", (text, prior) => expect(readScalePrior(text, "nuPrior")).toEqual(prior));

  test.each([
    [
      "gamma(2)",
      /^nuPrior cannot be "gamma\(2\)": it is gamma\(shape, rate\) with shape and rate above 0, such as gamma\(2, 0\.1\)\.$/,
    ],
    ["exponential(0)", /with rate above 0/],
    ["half-student-t(3, 1, 10)", /it is half-student-t\(degrees, scale\)/],
    ["normal(0, 1)", /write exponential\(1\), half-normal\(1\).*\(did you mean half-normal\?\)/],
  ])("%s is refused", (text, sentence) => expect(messageOf(() => readScalePrior(text, "nuPrior"))).toMatch(sentence));
});
