import type { Coefficient } from "../../src/fit/summary/coefficients.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import type { Case, Columns } from "./cases.ts";

/** What a coefficient of the changed case has to be: a combination of the original's coefficients, by their names. */
export type Combination = Readonly<Record<string, number>>;

/** A change of a case under which the posterior changes in a known way. */
export interface Transformation {
  readonly name: string;
  /** Whether it means something for a case; always where left out. */
  applies?(given: Case): boolean;
  change(given: Case): Case;
  /** Of a coefficient's name among the changed; the same name where left out. */
  combination?(name: string, given: Case): Combination;
}

const everywhere = (columns: Columns, change: (values: readonly (number | string)[]) => (number | string)[]): Columns =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, change(values) as number[]]));

const withColumn = (given: Case, name: string, values: readonly number[] | readonly string[]): Case => ({
  ...given,
  data: { ...given.data, [name]: values },
});
const numbers = ({ data }: Case, name: string) => data[name] as readonly number[];
const hasIntercept = ({ terms }: Case) => !terms.startsWith("0");

/** Splits "target[up]:x" into the class's part and the rest. */
function parts(name: string): [ofClass: string, rest: string] {
  const at = name.indexOf("]:");
  return name.startsWith("y[") && at > 0 ? [name.slice(0, at + 2), name.slice(at + 2)] : ["", name];
}

export const transformations: readonly Transformation[] = [
  {
    name: "rows in another order",
    change(given) {
      const random = createRandom(given.seed, 0, 21);
      const order = numbers(given, "x").map((_, n) => n);
      for (let n = order.length - 1; n > 0; n--) {
        const other = Math.floor((n + 1) * random.uniform());
        [order[n], order[other]] = [order[other], order[n]];
      }
      return { ...given, data: everywhere(given.data, (values) => order.map((n) => values[n])) };
    },
  },
  {
    name: "terms in another order",
    applies: ({ terms }) => /^(0 \+ )?\w+( \+ \w+)+$/.test(terms),
    change(given) {
      const list = given.terms.split(" + ").filter((term) => term !== "0");
      const terms = [...(hasIntercept(given) ? [] : ["0"]), ...list.reverse()].join(" + ");
      return { ...given, terms };
    },
  },
  {
    name: "a column under another name",
    change: ({ data: { x, ...others }, terms, ...given }) => ({
      ...given,
      data: { ...others, "a longer name": x },
      terms: terms.replace(/\bx\b/, "`a longer name`"),
    }),
    combination: (name) => ({ [name.replace("a longer name", "x")]: 1 }),
  },
  {
    name: "a column in other units",
    change: (given) =>
      withColumn(
        given,
        "x",
        numbers(given, "x").map((value) => 1000 * value),
      ),
    combination: (name) => ({ [name]: /(^|:)x\b/.test(parts(name)[1]) ? 1e-3 : 1 }),
  },
  {
    name: "a column shifted",
    applies: (given) => hasIntercept(given) && !given.terms.includes("*"),
    change: (given) =>
      withColumn(
        given,
        "x",
        numbers(given, "x").map((value) => value + 10),
      ),
    combination(name) {
      const [ofClass, rest] = parts(name);
      return rest === "Intercept" ? { [name]: 1, [`${ofClass}x`]: -10 } : { [name]: 1 };
    },
  },
  {
    name: "another reference level",
    applies: (given) => hasIntercept(given) && /\+ g/.test(given.terms),
    change: (given) => ({ ...given, terms: given.terms.replace(/\bg\b/, 'C(g, ref="d")') }),
    combination(name) {
      const [ofClass, rest] = parts(name);
      if (rest === "Intercept") return { [name]: 1, [`${ofClass}g[d]`]: 1 };
      const level = rest.match(/^C\(g\)\[(\w)\]$/)?.[1];
      if (level === undefined) return { [name]: 1 };
      return level === "a" ? { [`${ofClass}g[d]`]: -1 } : { [`${ofClass}g[${level}]`]: 1, [`${ofClass}g[d]`]: -1 };
    },
  },
  {
    name: "weights in place of repeated rows",
    applies: ({ weights }) => weights !== undefined,
    change({ weights: _, ...given }) {
      const counts = numbers(given, "n");
      const repeat = (values: readonly (number | string)[]) =>
        values.flatMap((value, n) => Array.from({ length: counts[n] }, () => value));
      return { ...given, data: everywhere(given.data, repeat) };
    },
  },
  {
    name: "the other event",
    applies: ({ family }) => family === "bernoulli",
    // The whole linear predictor changes its sign, and what is an offset keeps its coefficient of 1.
    change: (given) => {
      const negated = (name: string, from: number) => numbers(given, name).map((value) => from - value);
      const ofEvent = withColumn(given, "y", negated("y", 1));
      return given.terms.includes("offset(z)") ? withColumn(ofEvent, "z", negated("z", 0)) : ofEvent;
    },
    combination: (name) => ({ [name]: -1 }),
  },
];

/** The mean of a combination of coefficients, and an upper bound of its sd and of its Monte Carlo error. */
export function combined(coefficients: readonly Coefficient[], combination: Combination) {
  let [mean, sd, error] = [0, 0, 0];
  for (const [name, factor] of Object.entries(combination)) {
    const found = coefficients.find((coefficient) => coefficient.name === name);
    if (!found) throw new Error(`There is no coefficient ${name} among ${coefficients.map((c) => c.name).join(", ")}.`);
    mean += factor * found.mean;
    sd += Math.abs(factor) * found.sd;
    error += Math.abs(factor) * found.sd * Math.sqrt(1 / Math.max(4, found.ess_bulk ?? 4));
  }
  return { mean, sd, error };
}
