import { InputError } from "../errors.ts";
import {
  type Expression,
  type Factor,
  type Formula,
  parseFormula,
  type ReferenceLevel,
  type TermTree,
  visitColumns,
} from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { factorName } from "./formula-text.ts";
import { columnsOfFactor } from "./polynomials.ts";
import { codingMistake } from "./reference-level.ts";
import { isWordCount } from "./words.ts";

/** Columns of the design that belong together: the products of its factors' columns. */
interface Term {
  /** `x`, `x:weekday` */
  readonly name: string;
  readonly factors: readonly Factor[];
}

export interface FormulaTerms {
  readonly hasIntercept: boolean;
  /** Main effects first, then interactions by their number of factors, each in the order in which they were written. */
  readonly terms: readonly Term[];
  /** What is added to the linear predictor as it is: the insides of offset(), to be summed. */
  readonly offsets: readonly Expression[];
}

const maxTerms = 10_000;
/** Terms by what identifies them, which is the set of their factors: `a:b` is `b:a`. The intercept has no factors. */
type Terms = Map<string, readonly Factor[]>;

const intercept: readonly Factor[] = [];

function keyOf(factors: readonly Factor[]): string {
  return factors.map(factorName).sort().join("\n");
}

function termsOf(...list: (readonly Factor[])[]): Terms {
  return new Map(list.map((factors) => [keyOf(factors), factors]));
}

/**
 * The terms of a formula's right side, `.` being every column that neither the target nor an offset uses, nor `reserved`
 * names (such as those of the weights), nor words() as a text, nor a C() that is added as a categorical.
 *
 * @param columnNames The table's columns, in order.
 * @throws InputError where the terms are too many, or an offset or words() stands where it cannot.
 */
export function formulaTerms(
  formula: Formula,
  columnNames: readonly string[],
  reserved: ReadonlySet<string> = new Set(),
): FormulaTerms {
  const offsets = offsetsOf(formula);
  const used = usedBesideDot(formula, offsets, reserved);
  const context: Expansion = {
    text: formula.text,
    references: referencesOf(formula),
    others: columnNames.filter((name) => !used.has(name)),
  };
  const { terms } = formula;
  const start = termsOf(intercept);
  const all =
    terms.kind === "sum" ? sum(withoutOffsets(terms), start, context) : cross(start, expand(terms, context), context);
  const hasIntercept = all.delete(keyOf(intercept));
  const list = [...all.values()].map((factors) => ({ name: factors.map(factorName).join(":"), factors }));
  for (const { factors } of list) refuseProductOfWords(factors, formula.text);
  // Array.prototype.sort is stable, so terms of one order stay as they were written.
  return { hasIntercept, terms: list.sort((a, b) => a.factors.length - b.factors.length), offsets };
}

/** The columns that `.` does not mean. */
function usedBesideDot({ target, terms }: Formula, offsets: readonly Expression[], reserved: ReadonlySet<string>) {
  const used = new Set(reserved);
  const texts = factorsOf(terms).filter(isWordCount);
  for (const expression of [target, ...offsets, ...texts.map((factor) => factor.expression)])
    visitColumns(expression, (name) => used.add(name));
  for (const { wrapper, expression } of factorsOf(terms, "+"))
    if (wrapper === "C" && expression.kind === "column") used.add(expression.name);
  return used;
}

function withoutOffsets(tree: Sum): Sum {
  return { ...tree, parts: tree.parts.filter(({ term }) => term.kind !== "offset") };
}

function refuseProductOfWords(factors: readonly Factor[], text: string): void {
  const words = factors.length > 1 ? factors.find(isWordCount) : undefined;
  if (!words) return;
  const sentence = `${factorName(words)} is many columns and takes part in no product; write it between plus signs.`;
  throw formulaError(text, words.at, sentence);
}

type Sum = TermTree & { kind: "sum" };

/** What expanding a tree needs beside it. */
interface Expansion {
  readonly text: string;
  readonly references: ReturnType<typeof referencesOf>;
  /** The columns that `.` means. */
  readonly others: readonly string[];
}

function expand(tree: TermTree, context: Expansion): Terms {
  switch (tree.kind) {
    case "zero":
      return new Map();
    case "one":
      return termsOf(intercept);
    case "factor": {
      const factor = { ...tree, ...context.references.get(factorName(tree)) };
      return termsOf(...columnsOfFactor(factor, context.text).map((column) => [column]));
    }
    case "dot":
      return termsOf(...context.others.map((name) => [columnFactor(name, tree.at)]));
    case "sum":
      return sum(tree, new Map(), context);
    case "interaction":
      return product(expand(tree.left, context), expand(tree.right, context), context);
    case "cross":
      return cross(expand(tree.left, context), expand(tree.right, context), context);
    case "power": {
      const base = expand(tree.base, context);
      let result = base;
      for (let n = 1; n < tree.degree; n++) result = cross(result, base, context);
      return result;
    }
    case "offset":
      throw formulaError(context.text, tree.at, "offset() stands alone between plus signs.");
  }
}

/** Adds the parts of a sum to the terms before it, and takes them off. */
function sum({ parts }: Sum, result: Terms, context: Expansion): Terms {
  for (const { sign, term } of parts) {
    // "+ 0" is "− 1" and "− 0" is "+ 1".
    const isZero = term.kind === "zero";
    const isAdded = (sign === "+") !== isZero;
    for (const [key, factors] of isZero ? termsOf(intercept) : expand(term, context)) {
      if (!isAdded) result.delete(key);
      else if (!result.has(key)) result.set(key, factors);
    }
  }
  return result;
}

function product(left: Terms, right: Terms, { text }: Expansion): Terms {
  if (left.size * right.size > maxTerms)
    throw formulaError(text, 0, `it makes more than ${maxTerms} terms; leave out some of its products.`);
  const result: Terms = new Map();
  for (const a of left.values()) {
    for (const b of right.values()) {
      const factors = [...termsOf(...[...a, ...b].map((factor) => [factor])).values()].flat();
      const key = keyOf(factors);
      if (!result.has(key)) result.set(key, factors);
    }
  }
  return result;
}

function cross(left: Terms, right: Terms, context: Expansion): Terms {
  return new Map([...left, ...right, ...product(left, right, context)]);
}

/** A column by itself, as a factor. */
export function columnFactor(name: string, at: number): Factor {
  return { kind: "factor", wrapper: "", expression: { kind: "column", name, at }, at };
}

/** The name of the one term that a text is, as in a formula's right side; nothing where it is no such text. */
export function termNameOf(text: string): string | undefined {
  try {
    const { terms } = formulaTerms(parseFormula(`1 ~ ${text}`), []);
    return terms.length === 1 ? terms[0].name : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The factors that are written on the right side, or of them those that are added. */
function factorsOf(tree: TermTree, signs: "+-" | "+" = "+-"): readonly Factor[] {
  switch (tree.kind) {
    case "factor":
      return [tree];
    case "sum":
      return tree.parts.flatMap(({ sign, term }) => (signs.includes(sign) ? factorsOf(term, signs) : []));
    case "cross":
    case "interaction":
      return [...factorsOf(tree.left, signs), ...factorsOf(tree.right, signs)];
    case "power":
      return factorsOf(tree.base, signs);
    default:
      return [];
  }
}

/**
 * The reference level of each factor that is written with one, wherever it is: a factor is compared with the same level in
 * all of its terms.
 * @throws InputError where a factor has two, or another coding.
 */
function referencesOf({ text, terms }: Formula): ReadonlyMap<string, Required<Pick<Factor, "reference">>> {
  const references = new Map<string, { reference: ReferenceLevel }>();
  for (const factor of factorsOf(terms)) {
    const { reference, expression } = factor;
    // A C() that holds anything but a reference level was read as a function's call.
    const isCoding = expression.kind === "call" && ["C", "relevel"].includes(expression.name);
    if (isCoding && expression.args.length > 1) throw codingMistake(expression, text);
    if (!reference) continue;
    const name = factorName(factor);
    const known = references.get(name)?.reference ?? reference;
    if (known.level !== reference.level) {
      const sentence = `${name} is compared with "${known.level}" in one place and with "${reference.level}" here; give it one reference level.`;
      throw formulaError(text, reference.at, sentence);
    }
    references.set(name, { reference: known });
  }
  return references;
}

/** @throws InputError where an offset is taken away. */
function offsetsOf({ text, terms }: Formula): Expression[] {
  const parts = terms.kind === "sum" ? terms.parts : [];
  return parts.flatMap(({ sign, term }) => {
    if (term.kind !== "offset") return [];
    if (sign === "+") return term.expression;
    throw formulaError(text, term.at, "an offset is only added: write + offset(-(…)), or leave it out.");
  });
}
