import { fit } from "../../src/fit/fit-inline.ts";
import type { Chance } from "./chance.ts";
import { fuzz, requireFinite } from "./property.ts";
import { type Rows, tableOf } from "./tables.ts";

const numbers = ["x", "z", "count"];
const functions = ["abs", "exp", "log", "sqrt", "sin", "round", "log1p", "sign", "max", "floor"];

function expression(chance: Chance, depth: number): string {
  if (depth === 0) return chance.of([...numbers, "late", "2", "0.5", "1e3"]);
  const inner = () => expression(chance, depth - 1);
  return chance.of([
    inner,
    () => `${inner()} ${chance.of(["+", "-", "*", "/", "%"])} ${inner()}`,
    () => `(${inner()}) ${chance.of(["<", ">=", "==", "and", "or"])} (${inner()})`,
    () => `${chance.of(functions)}(${inner()})`,
    () => `-(${inner()})^2`,
  ])();
}

function term(chance: Chance, depth: number): string {
  const column = () => chance.of([...numbers, "city", "late", "C(count)", "C(count, ref = 2)", "poly(x, 2)"]);
  if (depth === 0) return column();
  const inner = () => term(chance, depth - 1);
  return chance.of([
    column,
    column,
    () => `I(${expression(chance, 1 + chance.below(2))})`,
    () => `${inner()}:${inner()}`,
    () => `${inner()}*${inner()}`,
    () => `(${inner()} + ${inner()})`,
    () => `(${inner()} + ${inner()})^2`,
    () => `${inner()} - ${inner()}`,
  ])();
}

/** Takes away, doubles or changes a character or two. */
function misspelt(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const other = chance.of([..."xyz()+-*:^~`\"'.,01 é\0\n!&|[]", "log(", "not ", "**", "offset(", "C("]);
  return chance.of([
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + other + text.slice(at),
    () => text.slice(0, at) + other + text.slice(at + 1),
    () => text.slice(0, at),
  ])();
}

const columnsOf = (rows: Rows) =>
  Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])]));

fuzz("formulas", 80, async (chance) => {
  const data = columnsOf(tableOf(chance, 80));
  const target = chance.of([
    "y",
    "y",
    "late",
    "log1p(count)",
    "y > 1",
    "y + z",
    `y + ${expression(chance, 1)}`,
    expression(chance, 2),
  ]);
  const terms = Array.from({ length: 1 + chance.below(3) }, () => term(chance, chance.below(3)));
  const whole = `${target} ~ ${terms.join(" + ")}${chance.happens(0.1) ? " + offset(x)" : ""}`;
  const formula = chance.happens(0.15) ? misspelt(whole, chance) : whole;
  return {
    about: formula,
    run: async (signal) =>
      requireFinite(await fit({ data, formula }, { sampler: "laplace", chains: 2, draws: 20, tolerance: 0.5, signal })),
  };
});
