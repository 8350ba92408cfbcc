import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import {
  type CoefficientPriors,
  defaultInterceptPrior,
  defaultPrior,
  type Prior,
  parsePrior,
  priorsOfColumns,
  priorText,
} from "./prior.ts";
import { parseScalePrior } from "./scale-prior.ts";

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
  ])("%s", (text, prior) => expect(parseScalePrior(text, "nuPrior")).toEqual(prior));

  test.each([
    [
      "gamma(2)",
      /^nuPrior cannot be "gamma\(2\)": it is gamma\(shape, rate\) with shape and rate above 0, such as gamma\(2, 0\.1\)\.$/,
    ],
    ["exponential(0)", /with rate above 0/],
    ["half-student-t(3, 1, 10)", /it is half-student-t\(degrees, scale\)/],
    ["normal(0, 1)", /write exponential\(1\), half-normal\(1\).*\(did you mean half-normal\?\)/],
  ])("%s is refused", (text, sentence) => expect(messageOf(() => parseScalePrior(text, "nuPrior"))).toMatch(sentence));
});

describe("priors of columns", () => {
  const column = (name: string, term = name) => ({ name, term, isIntercept: name === "Intercept" });
  const columns = [
    column("x"),
    column("log(x + 1)"),
    column("day[Mon]", "day"),
    column("day[Tue]", "day"),
    column("x:day[Mon]", "x:day"),
    column("Intercept"),
  ];
  const prior = (scale: number): Prior => ({ kind: "laplace", mean: 0, scale });
  const assigned = (named: [string, Prior][], leftOut: string[] = []) => {
    const priors: CoefficientPriors = {
      default: defaultPrior,
      intercept: defaultInterceptPrior,
      named: new Map(named),
    };
    return priorsOfColumns(columns, priors, leftOut).map((found) => (found.kind === "normal" ? found.sd : found.scale));
  };

  test("a column's own goes before its term's, and that before the default", () => {
    expect(assigned([])).toEqual([2.5, 2.5, 2.5, 2.5, 2.5, 10]);
    expect(assigned([["x", prior(1)]])).toEqual([1, 2.5, 2.5, 2.5, 2.5, 10]);
    expect(
      assigned([
        ["day", prior(1)],
        ["day[Tue]", prior(2)],
      ]),
    ).toEqual([2.5, 2.5, 1, 2, 2.5, 10]);
    expect(
      assigned([
        ["x:day", prior(3)],
        ["log(x+1)", prior(4)],
      ]),
    ).toEqual([2.5, 4, 2.5, 2.5, 3, 10]);
  });

  test("a term may be written with the reference level of the formula", () => {
    const coded = [column("C(day)[Mon]", "C(day)"), column("x:C(day)[Mon]", "x:C(day)"), column("Intercept")];
    const named = new Map([
      ['C(day, ref = "Tue")', prior(1)],
      ["x:C(day,Treatment('Tue'))", prior(2)],
    ]);
    const priors = { default: defaultPrior, intercept: defaultInterceptPrior, named };
    expect(priorsOfColumns(coded, priors).slice(0, 2)).toEqual([prior(1), prior(2)]);
  });

  test("unknown names are refused, those of constant columns are not", () => {
    expect(messageOf(() => assigned([["dya", prior(1)]]))).toBe(
      'A prior is given for "dya", which is no term of the formula and no column of the design; did you mean day?',
    );
    expect(messageOf(() => assigned([["speed", prior(1)]]))).toMatch(/; they are x, log\(x \+ 1\), day, day\[Mon\]/);
    expect(messageOf(() => assigned([["Intercept", prior(1)]]))).toMatch(/--intercept-prior/);
    expect(assigned([["one", prior(1)]], ["one"])).toEqual([2.5, 2.5, 2.5, 2.5, 2.5, 10]);
  });
});
