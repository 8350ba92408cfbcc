import type { Factor, ReferenceLevel, TermTree } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { factorName, groupText } from "./formula-text.ts";
import { columnsOfFactor } from "./polynomials.ts";

/** Columns of the design that belong together: the products of its factors' columns. */
export interface Term {
  /** `x`, `x:weekday` */
  readonly name: string;
  readonly factors: readonly Factor[];
}

/** What a sum of terms stands for. */
export interface Effects {
  readonly hasIntercept: boolean;
  /** Main effects first, then interactions by their number of factors, each in the order in which they were written. */
  readonly terms: readonly Term[];
}

const maxTerms = 10_000;
/** Terms by what identifies them, which is the set of their factors: `a:b` is `b:a`. The intercept has no factors. */
export type Terms = Map<string, readonly Factor[]>;

export const intercept: readonly Factor[] = [];

export function keyOf(factors: readonly Factor[]): string {
  return factors.map(factorName).sort().join("\n");
}

export function termsOf(...list: (readonly Factor[])[]): Terms {
  return new Map(list.map((factors) => [keyOf(factors), factors]));
}

export type Sum = TermTree & { kind: "sum" };

/** What expanding a tree needs beside it. */
export interface Expansion {
  readonly text: string;
  /** The reference level of each factor that is written with one, by its name. */
  readonly references: ReadonlyMap<string, { readonly reference: ReferenceLevel }>;
  /** The columns that `.` means. */
  readonly others: readonly string[];
}

export function expand(tree: TermTree, context: Expansion): Terms {
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
    case "group":
      throw formulaError(context.text, tree.at, `the group term ${groupText(tree)} stands alone between plus signs.`);
  }
}

/** Adds the parts of a sum to the terms before it, and takes them off. */
export function sum({ parts }: Sum, result: Terms, context: Expansion): Terms {
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

export function cross(left: Terms, right: Terms, context: Expansion): Terms {
  return new Map([...left, ...right, ...product(left, right, context)]);
}

/** A column by itself, as a factor. */
export function columnFactor(name: string, at: number): Factor {
  return { kind: "factor", wrapper: "", expression: { kind: "column", name, at }, at };
}
