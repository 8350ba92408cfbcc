import { describe, expect, it } from "vitest";
import { parseHypothesis } from "./hypotheses.ts";

const names = ["x", "x1", "x10", "city[Rome]", "I(x > 3)", "a:b", "log(x)", "y[a - b]:x", "2", "sd(g)[Intercept]"];

describe("hypotheses", () => {
  it.each([
    ["x1 > x", { x1: 1, x: -1 }, 0, ">"],
    ["x1 - 2*x10 = 0", { x1: 1, x10: -2 }, 0, "="],
    ["  -(x + 3)/2 < 1e1 ", { x: -0.5 }, -11.5, "<"],
    ["I(x > 3) >= city[Rome]", { "I(x > 3)": 1, "city[Rome]": -1 }, 0, ">"],
    ["y[a - b]:x - a:b*0.5 == .25", { "y[a - b]:x": 1, "a:b": -0.5 }, -0.25, "="],
    ["`log(x)`--x", { "log(x)": 1, x: 1 }, 0, "="],
    ['3 * "2" <= x', { "2": 3, x: -1 }, 0, "<"],
    ["2 - x*(1 - 3)", { x: 2 }, 2, "="],
    ["sd(g)[Intercept] + x - x > 0", { "sd(g)[Intercept]": 1, x: 0 }, 0, ">"],
  ])("%s", (text, terms, constant, relation) => {
    const { difference, ...own } = parseHypothesis(text, names);
    expect(own.relation).toBe(relation);
    expect(Object.fromEntries(difference.terms)).toEqual(terms);
    expect(difference.constant).toBeCloseTo(constant, 12);
  });

  it.each([
    ["x2 > 0", /names x2, which is no coefficient of the fit; did you mean x/],
    ["x x1", /stops making sense at x1/],
    ["(x + x1 > 0", /stops making sense at ">"/],
    ["x >", /is not finished/],
    ["x1/x > 1", /is no linear combination/],
    ["x; x1", /names ;/],
  ])("refuses %s", (text, message) => {
    expect(() => parseHypothesis(text, names)).toThrow(message);
  });
});
