import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import type { Prior } from "../priors/densities.ts";
import { defaultInterceptPrior, defaultPrior } from "../priors/prior.ts";
import { type CoefficientPriors, priorsOfColumns } from "./column-priors.ts";

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

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
