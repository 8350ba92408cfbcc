import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseFormula } from "../src/formula/formula.ts";
import { commandOf } from "./command-line.ts";
import { completionsOf } from "./completion.ts";
import { withTarget, withTerm } from "./formula-edits.ts";
import { nothing, optionsOf } from "./state.ts";

describe("buttons write the formula", () => {
  it.each([
    ["", "late ~ ."],
    ["other ~ a + b", "late ~ a + b"],
    ["~ a", "late ~ a"],
  ])("the target of %j", (before, after) => expect(withTarget(before, "late")).toBe(after));

  it.each([
    ["", "~ x"],
    ["late", "late ~ x"],
    ["late ~", "late ~ x"],
    ["late ~ .", "late ~ x"],
    ["late ~ a", "late ~ a + x"],
  ])("one more term of %j", (before, after) => expect(withTerm(before, "x")).toBe(after));
});

describe("what a formula may go on with", () => {
  const columns = [
    { name: "distance", type: "number" },
    { name: "a name", type: "string" },
    { name: "day", type: "number", isTime: true },
    { name: "list", type: "unsupported" },
  ] as const;
  const of = (formula: string, caret = formula.length) => {
    const { start, found } = completionsOf(formula, caret, columns, ["log", "sqrt"]);
    return found.map(({ text }) => formula.slice(0, start) + text + formula.slice(caret));
  };

  it("are columns that begin so, then those that hold it, functions, and the words of the language", () => {
    expect(of("late ~ d")).toEqual(["late ~ distance", "late ~ day", "late ~ words("]);
    expect(of("late ~ lo")).toEqual(["late ~ log("]);
    expect(of("late ~ log(dist")).toEqual(["late ~ log(distance"]);
    expect(of("late ~ na")).toEqual(["late ~ `a name`"]);
    expect(of("late ~ `a n")).toEqual(["late ~ `a name`"]);
    expect(of("late ~ di + x", 9)).toEqual(["late ~ distance + x"]);
  });

  it("is nothing after a sign, a whole name, or for columns that no formula can use", () => {
    for (const formula of ["", "late ~ ", "late ~ x + ", "late ~ distance", "late ~ list"])
      expect(of(formula)).toEqual([]);
  });

  it("is a formula", () => {
    for (const formula of of("late ~ na")) expect(() => parseFormula(formula)).not.toThrow();
  });
});

describe("the command that does the same", () => {
  const table = {
    label: "a",
    path: "my rides' file.csv",
    reader: "command",
    numRows: 1,
    columns: [],
    notes: [],
  } as const;

  it("is taken by a shell as it was meant", () => {
    const options = optionsOf({
      ...nothing.fields,
      prior: "normal(0, 1); x: laplace(0, 2)",
      draws: " 50 ",
      family: "poisson",
    });
    const command = commandOf(table, "y ~ `a b` + log(x)", options);
    const [, ...words] = execFileSync("bash", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" })
      .trim()
      .split("\n");
    expect(words).toEqual([
      ...["fit", "my rides' file.csv", "--formula", "y ~ `a b` + log(x)", "--family", "poisson", "--draws", "50"],
      ...["--prior", "normal(0, 1)", "--prior", "x: laplace(0, 2)", "--save", "fit.nc"],
    ]);
  });

  it("leaves out fields that are blank, and does not make numbers of words", () => {
    expect(optionsOf(nothing.fields)).toEqual({});
    expect(optionsOf({ ...nothing.fields, seed: "0", chains: "some" })).toEqual({ seed: 0, chains: "some" });
  });
});
