import { InputError } from "../errors.ts";
import {
  cross,
  type Effects,
  type Expansion,
  expand,
  intercept,
  keyOf,
  type Sum,
  sum,
  type Term,
  type Terms,
  termsOf,
} from "./expand-terms.ts";
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
import { type FormulaGroup, groupsOf, groupTreesOf } from "./formula-groups.ts";
import { factorName } from "./formula-text.ts";
import { codingMistake } from "./reference-level.ts";
import { isWordCount } from "./words.ts";

export interface FormulaTerms extends Effects {
  /** What is added to the linear predictor as it is: the insides of offset(), to be summed. */
  readonly offsets: readonly Expression[];
  /** The group terms: (1 | a/b) is two, (1 | a) and (1 | a:b). */
  readonly groups: readonly FormulaGroup[];
}

/**
 * The terms of a formula's right side, `.` being every column that neither the target nor an offset uses, nor `reserved`
 * names (such as those of the weights), nor words() as a text, nor a C() that is added as a categorical, nor a group term
 * as a grouping column.
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
    terms.kind === "sum" ? sum(ofColumns(terms), start, context) : cross(start, expand(terms, context), context);
  const groups = groupsOf(formula, (effects) => ordered(sum(effects, termsOf(intercept), context), formula.text));
  return { ...ordered(all, formula.text), offsets, groups };
}

/** Each term once, be it of fixed effects or of slopes that vary. */
export function distinctTerms(terms: readonly Term[]): Term[] {
  const distinct = new Map<string, Term>();
  for (const term of terms) if (!distinct.has(keyOf(term.factors))) distinct.set(keyOf(term.factors), term);
  return [...distinct.values()];
}

/** Main effects first. */
function ordered(all: Terms, text: string): Effects {
  const hasIntercept = all.has(keyOf(intercept));
  const list = [...all.values()]
    .filter((factors) => factors.length > 0)
    .map((factors) => ({ name: factors.map(factorName).join(":"), factors }));
  for (const { factors } of list) refuseProductOfWords(factors, text);
  // Array.prototype.sort is stable, so terms of one order stay as they were written.
  return { hasIntercept, terms: list.sort((a, b) => a.factors.length - b.factors.length) };
}

/** The columns that `.` does not mean. */
function usedBesideDot({ target, terms }: Formula, offsets: readonly Expression[], reserved: ReadonlySet<string>) {
  const used = new Set(reserved);
  const texts = factorsOf(terms).filter(isWordCount);
  for (const expression of [target, ...offsets, ...texts.map((factor) => factor.expression)])
    visitColumns(expression, (name) => used.add(name));
  for (const { wrapper, expression } of factorsOf(terms, "+"))
    if (wrapper === "C" && expression.kind === "column") used.add(expression.name);
  for (const tree of groupTreesOf(terms))
    for (const { expression } of tree.by.flat()) visitColumns(expression, (name) => used.add(name));
  return used;
}

/** What of a sum makes columns. */
function ofColumns(tree: Sum): Sum {
  return { ...tree, parts: tree.parts.filter(({ term }) => term.kind !== "offset" && term.kind !== "group") };
}

function refuseProductOfWords(factors: readonly Factor[], text: string): void {
  const words = factors.length > 1 ? factors.find(isWordCount) : undefined;
  if (!words) return;
  const sentence = `${factorName(words)} is many columns and takes part in no product; write it between plus signs.`;
  throw formulaError(text, words.at, sentence);
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
  const ofEffects = groupTreesOf(terms).flatMap(({ effects }) => factorsOf(effects));
  for (const factor of [...factorsOf(terms), ...ofEffects]) {
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
