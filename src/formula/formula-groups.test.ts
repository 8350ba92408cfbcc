import { describe, expect, it } from "vitest";
import { parseFormula } from "./formula.ts";
import { formulaTerms } from "./formula-terms.ts";
import { formulaText } from "./formula-text.ts";

const columns = ["y", "x", "z", "a", "b", "g", "code", "a name"];
const read = (text: string) => formulaTerms(parseFormula(text), columns);

/** The group terms: factor, whether there is an intercept, slopes, and whether they are correlated. */
const groupsOf = (text: string) =>
  read(text).groups.map(({ name, hasIntercept, terms, isCorrelated }) =>
    [name, isCorrelated ? "|" : "||", ...(hasIntercept ? ["1"] : []), ...terms.map((term) => term.name)].join(" "),
  );

describe("group terms", () => {
  it.each([
    ["y ~ (1 | g)", ["g | 1"]],
    ["y ~ x + (1 + x | g)", ["g | 1 x"]],
    ["y ~ x + (x | g)", ["g | 1 x"]],
    ["y ~ x + (x || g)", ["g || 1 x"]],
    ["y ~ x + (0 + x | g)", ["g | x"]],
    ["y ~ x + (x - 1 | g)", ["g | x"]],
    ["y ~ (1 | a/b)", ["a | 1", "a:b | 1"]],
    ["y ~ (x | a/b/g)", ["a | 1 x", "a:b | 1 x", "a:b:g | 1 x"]],
    ["y ~ (1 | a/b:g)", ["a | 1", "a:b:g | 1"]],
    ["y ~ (1 | a:b)", ["a:b | 1"]],
    ["y ~ (1 | a) + (1 | b)", ["a | 1", "b | 1"]],
    ["y ~ (1 | g) + (0 + x | g) + (0 + z | g)", ["g | 1", "g | x", "g | z"]],
    ["y ~ (1 + C(z) | g)", ["g | 1 C(z)"]],
    ["y ~ (log(x) + x:z | g)", ["g | 1 log(x) x:z"]],
    ["y ~ (x * z | g)", ["g | 1 x z x:z"]],
    ["y ~ ((x + z)^2 | g)", ["g | 1 x z x:z"]],
    ["y ~ (poly(x, 2) | g)", ["g | 1 poly(x, 2)[1] poly(x, 2)[2]"]],
    ["y ~ (1 | C(code))", ["code | 1"]],
    ["y ~ (1 | C(x > 3))", ["x > 3 | 1"]],
    ["y ~ (1 | `a name`)", ["a name | 1"]],
    ["y~(1|g)+x", ["g | 1"]],
    ["y ~ (1 | g:g)", ["g | 1"]],
    // "|" is "or" within a function, and the parentheses of sums stay what they are.
    ["y ~ I(x > 1 | z > 2) + (a + b)^2", []],
  ])("%s", (text, groups) => {
    expect(groupsOf(text)).toEqual(groups);
  });

  it("leave the fixed effects as they are", () => {
    const { hasIntercept, terms } = read("y ~ 0 + x + (1 + z | g) + a:b");
    expect([hasIntercept, ...terms.map(({ name }) => name)]).toEqual([false, "x", "a:b"]);
    expect(read("y ~ (1 | g)")).toMatchObject({ hasIntercept: true, terms: [] });
    expect(read("y ~ (1 | g) - 1").hasIntercept).toBe(false);
  });

  it("group by columns that a dot does not mean, and by slopes that it does", () => {
    const { terms } = read("y ~ . + (z | g:code) + (1 | C(a))");
    expect(terms.map(({ name }) => name)).toEqual(["x", "z", "b", "a name"]);
  });

  it("have the reference level that a factor is given anywhere", () => {
    const { groups } = read('y ~ C(z, ref = "b") + (C(z) | g)');
    expect(groups[0].terms[0].factors[0].reference?.level).toBe("b");
    expect(() => read('y ~ C(z, ref = "b") + (C(z, ref = "c") | g)')).toThrow("give it one reference level");
  });

  it.each([
    "y ~ x + (1 + x | g)",
    "y ~ x + (0 + x || `a name`)",
    "y ~ (1 | a/b:g) + (x - 1 | C(code))",
    'y ~ (C(z, ref = "b") + x:z | C(x > 3 | z))',
    "y ~ ((x + z)^2 | g)",
    "y | trials(a + b) ~ (1 | g)",
    "(a or b) | trials(g) ~ x",
    "cbind(a, b - a) ~ x",
  ])("printed and read again are the same: %s", (text) => {
    const plain = (formula: string) =>
      JSON.stringify(parseFormula(formula), (key, value) => (key === "at" || key === "text" ? undefined : value));
    const printed = formulaText(parseFormula(text));
    expect(plain(printed)).toBe(plain(text));
    expect(formulaText(parseFormula(printed))).toBe(printed);
  });
});

describe("mistakes are told at their place", () => {
  it.each([
    ["y ~ x | g", 7, "a group term stands in parentheses"],
    ["y ~ x || g", 7, "a group term stands in parentheses"],
    ["y ~ 1 | g) + x", 7, "a group term stands in parentheses"],
    ["y ~ (| g)", 6, "the effects are missing before the bar"],
    ["y ~ (1 | )", 10, "expected a grouping column after the bar"],
    ["y ~ (1 | 3)", 10, "expected a grouping column after the bar"],
    ["y ~ (1 | (a + b))", 10, "expected a grouping column after the bar"],
    ["y ~ (1 | ", 10, "expected a grouping column after the bar"],
    ["y ~ (1 | g", 11, 'the "(" at column 5 has no ")"'],
    ["y ~ (1 | a + b)", 12, "two factors are two terms, (1 | a) + (1 | b)"],
    ["y ~ (1 | a * b)", 12, "two factors are two terms"],
    ["y ~ (1 | a | b)", 12, "two factors are two terms"],
    ["y ~ (1 | 'g')", 10, "written without quotes"],
    ["y ~ (1 | a b)", 12, 'expected "+" between'],
    ["y ~ x * (1 | g)", 9, "stands alone between plus signs"],
    ["y ~ (1 | g):x", 5, "stands alone between plus signs"],
    ["y ~ (1 | g)^2", 5, "stands alone between plus signs"],
    ["y ~ ((1 | g))", 6, "stands alone between plus signs"],
    ["y ~ x - (1 | g)", 9, "is only added"],
    ["y ~ ((1 | a) | g)", 6, "stands in no other"],
    ["y ~ (0 | g)", 5, "no effect that varies"],
    ["y ~ (. | g)", 6, "a dot stands for no slopes"],
    ["y ~ (words(x) | g)", 6, "words() is many columns"],
    ["y ~ (offset(x) | g)", 6, "offset() stands alone"],
    ["y ~ (y | g)", 6, '"y" is the target'],
    ["y ~ (log(y) | g)", 10, '"y" is the target'],
    ["y ~ (1 | y)", 10, '"y" is the target'],
    ["y ~ (1 | log(a))", 10, "or by an expression in C(), as in (1 | C(log(a)))"],
    ["y ~ (1 | I(a))", 10, "or by an expression in C()"],
    ['y ~ (1 | C(a, ref = "b"))', 21, "compared with no reference"],
    ["y ~ (1 | a/b) + (x | a)", 17, "the intercept varies by a in (1 | a) and in (x | a)"],
    ["y ~ (x | a:b) + (0 + x | b:a)", 17, "x varies by b:a"],
  ])("%s", (text, column, sentence) => {
    const told = () => read(text);
    expect(told).toThrow(`Formula error at column ${column}: `);
    expect(told).toThrow(sentence);
  });

  it("deep parentheses are read in no time", () => {
    const text = `y ~ ${"(".repeat(150)}x${")".repeat(150)}`;
    const start = performance.now();
    expect(read(text).terms).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
