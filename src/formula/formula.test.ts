import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import { type Expression, parseFormula, type TermTree } from "./formula.ts";
import { formulaTerms } from "./formula-terms.ts";
import { expressionText, formulaText } from "./formula-text.ts";

const columns = ["y", "a", "b", "c", "x"];

function terms(text: string): string {
  const { hasIntercept, terms } = formulaTerms(parseFormula(text), columns);
  return [hasIntercept ? "1" : "0", ...terms.map((term) => term.name)].join(" ");
}

function message(text: string): string {
  try {
    formulaTerms(parseFormula(text), columns);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error(`"${text}" was accepted`);
}

describe("terms", () => {
  test.each([
    ["y ~ .", "1 a b c x"],
    ["log(y) + x ~ .", "1 a b c"],
    ["y ~ . - x", "1 a b c"],
    ["y ~ a + b", "1 a b"],
    ["y ~ 0 + a", "0 a"],
    ["y ~ a - 1", "0 a"],
    ["y ~ a + 0", "0 a"],
    ["y ~ 0 + a + 1", "1 a"],
    ["y ~ a - 0", "1 a"],
    ["y ~ 1", "1"],
    ["y ~ -1 + a", "0 a"],
    ["y ~ a + a", "1 a"],
    ["y ~ a:b + b:a", "1 a:b"],
    ["y ~ a:a", "1 a"],
    ["y ~ a*b", "1 a b a:b"],
    ["y ~ a:b + a", "1 a a:b"],
    ["y ~ a*b - a", "1 b a:b"],
    ["y ~ a*b*c", "1 a b c a:b a:c b:c a:b:c"],
    ["y ~ (a + b + c)^2", "1 a b c a:b a:c b:c"],
    ["y ~ (a + b):c", "1 a:c b:c"],
    ["y ~ a + (b - a)", "1 a b"],
    ["y ~ C(a) + log( x ) + I(x^2+1)", "1 C(a) log(x) I(x^2 + 1)"],
    ["y ~ a:.", "1 a a:b a:c a:x"],
    ["y ~ `a`", "1 a"],
    ['y ~ C(a, ref = "b") + C(a):x', "1 C(a) C(a):x"],
    ["y ~ C(a, Treatment(2)) * C(a)", "1 C(a)"],
    ["y ~ . + C(a, ref='q')", "1 b c x C(a)"],
    ["y ~ . * C(a)", "1 b c x C(a) b:C(a) c:C(a) x:C(a)"],
    ["y ~ . - C(a)", "1 a b c x"],
    ["y ~ . + C(a > 2)", "1 a b c x C(a > 2)"],
  ])("%s has the terms %s", (text, expected) => expect(terms(text)).toBe(expected));
});

describe("reference levels", () => {
  /** Of each factor, in the terms' order; "–" where it has none. */
  function references(text: string): string {
    const { terms } = formulaTerms(parseFormula(text), columns);
    return terms.map(({ factors }) => factors.map(({ reference }) => reference?.level ?? "–").join(":")).join(" ");
  }
  test.each([
    ['C(a, ref="b c")', "b c"],
    ["C( a , reference = 'it\\'s' )", "it's"],
    ["C(a, ref=2)", "2"],
    ["C(a, ref = -1.50)", "-1.50"],
    ["C(a, ref=- 1e3)", "-1e3"],
    ["C(a, ref=true)", "true"],
    ['C(a, Treatment("b"))', "b"],
    ["C(a, Treatment( reference='b' ))", "b"],
    ["C(a, Treatment(ref = 3))", "3"],
    ["C(a, Treatment)", "–"],
    ["C(a, Treatment())", "–"],
    ['C(ref, ref="")', ""],
    ['C(a + 1, ref="2")', "2"],
    ['x:C(a) + C(a, ref="b")', "b –:b"],
    ['C(a):C(b, ref="q") - C(a, ref="b")', "b:q"],
    ['C(a, ref="b") * C(a, Treatment("b"))', "b"],
  ])("%s", (text, expected) => expect(references(`y ~ ${text}`)).toBe(expected));

  test("one factor has one", () => {
    expect(message('y ~ C(a, ref="b") + x:C(a, Treatment("d"))')).toBe(
      [
        'Formula error at column 38: C(a) is compared with "b" in one place and with "d" here; give it one reference level.',
        '  y ~ C(a, ref="b") + x:C(a, Treatment("d"))',
        `  ${" ".repeat(37)}^`,
      ].join("\n"),
    );
  });
});

describe("expressions", () => {
  test.each([
    ["a + b * c", "a + b * c"],
    ["(a + b) * c", "(a + b) * c"],
    ["a - (b - c)", "a - (b - c)"],
    ["-a^2", "-a^2"],
    ["(-a)^2", "(-a)^2"],
    ["a^b^c", "a^b^c"],
    ["(a^b)^c", "(a^b)^c"],
    ["a ** 2", "a^2"],
    ["not a > 1 and b == 2 or c != 3", "not a > 1 and b == 2 or c != 3"],
    ["!(a & b) | c", "not (a and b) or c"],
    ["a = 1", "a == 1"],
    ["`fixed acidity` > .5e1", "`fixed acidity` > .5e1"],
    ["`a``b`", "`a``b`"],
    ["x == 'it\\'s'", 'x == "it\'s"'],
    ["Sepal.Length", "Sepal.Length"],
    ["größe > 1", "größe > 1"],
    ["notable + order", "notable + order"],
    ["flag == true", "flag == true"],
  ])("%s reads as %s", (text, expected) => {
    expect(expressionText(parseFormula(`${text} ~ x`).target)).toBe(expected);
  });

  const wide = (count: number, make: (i: number) => string, between: string) =>
    Array.from({ length: count }, (_, i) => make(i)).join(between);
  test.each([
    ["parentheses of terms", `y ~ ${"(".repeat(10_000)}a${")".repeat(10_000)}`],
    ["parentheses of the target", `${"(".repeat(10_000)}y${")".repeat(10_000)} ~ a`],
    ["calls", `y ~ ${"log(".repeat(10_000)}a${")".repeat(10_000)}`],
    ["parentheses without an end", `y ~ ${"(".repeat(10_000)}`],
    ["signs", `y ~ I(${"-".repeat(50_000)}a)`],
    ["negations", `${"not ".repeat(50_000)}y ~ a`],
    ["powers", `${wide(50_000, () => "y", "^-")} ~ a`],
    ["a sum in the target", `${wide(50_000, () => "y", "+")} ~ a`],
    ["a product of terms", `y ~ ${wide(20_000, (i) => `x${i}`, ":")}`],
    ["a cross of terms", `y ~ ${wide(20_000, () => "a", "*")}`],
    ["very long names", `y ~ ${"a".repeat(1_000_001)}`],
  ])("%s, far too many, are refused in a sentence", (_, text) => {
    const started = performance.now();
    const told = message(text);
    expect(told.length).toBeLessThan(1000);
    expect(told).toMatch(
      /^(Formula error at column \d+: more than (200 parentheses|1,000 operations)|The formula has)/,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("what stays within the limits is read: many terms, a sum, signs", () => {
    const { terms } = formulaTerms(parseFormula(`y ~ ${wide(50_000, (i) => `x${i}`, " + ")}`), []);
    expect(terms.length).toBe(50_000);
    expect(
      formulaTerms(parseFormula(`y ~ I(${wide(900, () => "a", "+")}) + I(${"-".repeat(900)}a)`), []).terms.length,
    ).toBe(2);
    expect(expressionText(parseFormula("--a ^ -b ^ --c ~ x").target)).toBe("--a^-b^--c");
    expect(expressionText(parseFormula("not !not a ~ x").target)).toBe("not not not a");
  });

  test("of a long formula the part around a mistake is shown", () => {
    const shown = message(`y ~ ${wide(1000, (i) => `x${i}`, " + ")} + + ${wide(1000, (i) => `x${i}`, " + ")}`).split(
      "\n",
    );
    expect(shown[0]).toMatch(/^Formula error at column 6895: expected a term after "\+", not "\+"\.$/);
    expect(shown[1].length).toBeLessThan(210);
    expect(shown[1][shown[2].indexOf("^")]).toBe("+");
  });

  test("deep parentheses are read in time", () => {
    const text = `${"(".repeat(200)}a${")".repeat(200)}`;
    expect(terms(`y ~ ${text}`)).toBe("1 a");
    expect(terms(`${text} ~ b`)).toBe("1 b");
  });
});

const names = fc.constantFrom("x", "y1", "Sepal.Length", "fixed acidity", "not", "a`b", "größe", "C", "andy", "1st");
const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("column" as const), name: names, at: fc.constant(0) }),
    fc.record({
      kind: fc.constant("number" as const),
      value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs),
      at: fc.constant(0),
    }),
    fc.record({ kind: fc.constant("string" as const), value: fc.string(), at: fc.constant(0) }),
    fc.record({ kind: fc.constant("boolean" as const), value: fc.boolean(), at: fc.constant(0) }),
    fc.record({
      kind: fc.constant("call" as const),
      name: fc.constantFrom("log", "max"),
      args: fc.array(tie("expression"), { maxLength: 3 }),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant("unary" as const),
      operator: fc.constantFrom("-" as const, "not" as const),
      operand: tie("expression"),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant("binary" as const),
      operator: fc.constantFrom("+" as const, "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"),
      left: tie("expression"),
      right: tie("expression"),
      at: fc.constant(0),
    }),
  ),
}));
const { tree } = fc.letrec<{ tree: TermTree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({
      kind: fc.constant("factor" as const),
      wrapper: fc.constantFrom("C" as const, "I" as const),
      expression,
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant("factor" as const),
      wrapper: fc.constant("C" as const),
      expression,
      reference: fc.record({ level: fc.string(), at: fc.constant(0) }),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant("factor" as const),
      wrapper: fc.constant("" as const),
      expression: names.map((name) => ({ kind: "column" as const, name, at: 0 })),
      at: fc.constant(0),
    }),
    fc.constantFrom<TermTree>({ kind: "zero" }, { kind: "one" }, { kind: "dot", at: 0 }),
    fc.record({
      kind: fc.constantFrom("cross" as const, "interaction" as const),
      left: tie("tree"),
      right: tie("tree"),
    }),
    fc.record({
      kind: fc.constant("sum" as const),
      parts: fc.array(fc.record({ sign: fc.constantFrom("+" as const, "-" as const), term: tie("tree") }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  ),
}));

/** Without offsets, and without sums of one term, which parentheses make and which mean that term. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== "object" || value === null) return value;
  const node = value as { kind?: string; parts?: { sign: string; term: unknown }[] };
  if (node.kind === "sum" && node.parts?.length === 1 && node.parts[0].sign === "+") return meaning(node.parts[0].term);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "at")
      .map(([key, part]) => [key, meaning(part)]),
  );
}

test("a printed formula is read as the same formula", () => {
  fc.assert(
    fc.property(expression, tree, (target, right) => {
      const text = formulaText({ target, terms: right });
      const read = parseFormula(text);
      expect(meaning({ target: read.target, terms: read.terms })).toEqual(meaning({ target, terms: right }));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("any text is a formula or an input error", () => {
  const piece = fc.constantFrom(
    "y",
    "~",
    " ",
    "+",
    "-",
    "*",
    "(",
    ")",
    "C(",
    "log(",
    "`",
    '"',
    "0",
    "1",
    ".",
    ":",
    "^",
    "2",
    "and",
    "é",
    "<",
    "=",
    ",",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        parseFormula(pieces.join(""));
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        expect((error as Error).message).toMatch(/^Formula error at column \d+: .+\.\n {2}/);
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});

describe("errors", () => {
  test("show the place under the formula", () => {
    expect(message("y ~ x1 +")).toBe('Formula error at column 9: expected a term after "+".\n  y ~ x1 +\n          ^');
  });

  test.each([
    ["", 1, 'the formula is empty; it reads "target ~ terms", as in "y ~ x1 + x2".'],
    ["y x", 3, 'a "~" is missing between the target and the terms, as in "y ~ x1 + x2".'],
    ["~ x", 1, 'the target is missing before the "~", as in "y ~ x".'],
    ["y ~", 4, 'expected a term after "~".'],
    ["y ~ x ~ z", 7, 'a second "~" stands here; a formula has one.'],
    ["y ~ a + + b", 9, 'expected a term after "+", not "+".'],
    ["y ~ x ^ 2", 7, "a power of a column is written inside I(), as in I(x^2)."],
    ["y ~ (a + b)^x", 13, 'the power of a "(…)" is a whole number from 1 to 9.'],
    ["y ~ 2 * x", 5, "numbers other than 0 and 1 stand inside I(), as in I(2 * x)."],
    ["y ~ a / b", 7, "arithmetic and comparisons of columns stand inside I(), as in I(a / b)."],
    ["y ~ a == 3", 7, "arithmetic and comparisons of columns stand inside I(), as in I(a == b)."],
    ["y ~ x)", 6, 'no "(" belongs to this ")".'],
    ["y ~ log(x", 10, 'the "(" at column 8 has no ")" to close it.'],
    ["y ~ (a + b", 11, 'the "(" at column 5 has no ")" to close it.'],
    ["y ~ log(x +)", 12, 'expected a column or a number after "+", not ")".'],
    ["y > ~ x", 5, 'expected a column or a number after ">".'],
    ['y ~ "a b"', 5, "the name of a column is written without quotes, or in backticks where it has blanks: `a name`."],
    ["y ~ `a", 7, "the ` at column 5 has no second ` to close it."],
    [
      "y ~ fixed acidity",
      11,
      'expected "+" between "fixed" and "acidity"; a name with blanks is written in backticks, as in `a name`.',
    ],
    [
      "y 3 ~ x",
      3,
      'expected an operator between "y" and "3"; a name with blanks is written in backticks, as in `a name`.',
    ],
    ["y ~ x # z", 7, '"#" has no meaning here.'],
    ["y ~ and + b", 9, '"and" is a word of the language; a column of that name is written in backticks.'],
    ["y ~ a - offset(log(x))", 9, "an offset is only added: write + offset(-(…)), or leave it out."],
    ["y ~ (a + offset(x)) + b", 10, "offset() stands alone between plus signs."],
    ["y ~ a:offset(x)", 7, "offset() stands alone between plus signs."],
  ])("%s: column %d, %s", (text, column, sentence) => {
    expect(message(text).split("\n")[0]).toBe(`Formula error at column ${column}: ${sentence}`);
  });

  test("too many terms are refused before they are made", () => {
    const many = Array.from({ length: 200 }, (_, i) => `x${i}`);
    expect(() => formulaTerms(parseFormula("y ~ (.)^3"), ["y", ...many])).toThrow(
      "it makes more than 10000 terms; leave out some of its products.",
    );
  });
});
