import fc from "fast-check";
import type { FamilyName } from "../../src/families/families.ts";
import { families } from "../../src/families/families.ts";
import type { FitOptions } from "../../src/options/options.ts";
import type { Tuning, TuningName } from "../../src/options/tuning.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { samplers } from "../../src/sampling/registry.ts";

/** A fit that a person could ask for, sensible or not. */
export interface Case {
  readonly data: Record<string, number[] | string[]>;
  readonly formula: string;
  readonly options: FitOptions;
}

/** Mostly what is usual, so that most cases are odd in one way or two, and get as far as a fit. */
const mostly = <T>(usual: T, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const sizes = [1e-300, 1e-150, 1e-20, 1e-6, 1e6, 1e20, 1e150, 1e200, 1e307];
/** From far below to far above anything of use. */
const positive = mostly<number | undefined>(undefined, 1e-300, 1e-12, 1e-3, 0.1, 0.9, 1, 30, 1e9, 1e300);
const weightings: Record<string, (n: number) => number> = {
  tiny: () => 1e-6,
  nothing: () => 1e-30,
  huge: () => 1e9,
  "all in one row": (n) => (n === 3 ? 1 : 0),
  "one heavy row": (n) => (n === 3 ? 1e9 : 1),
  "one row too heavy": (n) => (n === 3 ? 1e20 : 1),
  uneven: (n) => 10 ** ((n % 9) - 6),
};
const offsets: Record<string, (n: number) => number> = {
  far: () => 300,
  "far in one row": (n) => (n === 3 ? 500 : 0),
  "beyond numbers": (n) => (n === 3 ? 1e300 : 0),
};
const prior = mostly<string | undefined>(
  undefined,
  ...[
    "normal(0, 1e-300)",
    "normal(0, 1e-9)",
    "normal(0, 1e9)",
    "normal(0, 1e300)",
    "normal(1e6, 0.1)",
    "normal(100, 0.01)",
  ],
  ...["laplace(0, 0.1)", "student-t(1, 0, 1)", "student-t(1e-300, 0, 1)"],
);

function targetOf(family: FamilyName, eta: number, random: ReturnType<typeof createRandom>): number | string {
  const noise = random.normal();
  if (family === "bernoulli") return random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  if (family === "categorical") return eta + noise > 0.7 ? "up" : eta - noise > 0 ? "down" : "level";
  if (family === "gaussian") return eta + noise;
  if (family === "student-t") return eta + noise / Math.max(0.1, Math.abs(random.normal()));
  return Math.floor(-Math.log(random.uniform()) * Math.exp(Math.min(eta, 3)));
}

/** What of its tuning a sampler takes, at values that may be absurd. */
function tuningOf(name: string): fc.Arbitrary<Tuning> {
  const sampler = samplers.find((candidate) => candidate.name === name);
  const has = (tuning: TuningName) => sampler?.tuning.includes(tuning) === true;
  const given = (tuning: TuningName) => (has(tuning) ? positive : fc.constant(undefined));
  const preconditioners = sampler?.preconditioners ?? [];
  return fc.record({
    preconditioner: preconditioners.length ? fc.constantFrom(undefined, ...preconditioners) : fc.constant(undefined),
    batchSize: has("batchSize") ? mostly<number | undefined>(undefined, 1, 7, 1000) : fc.constant(undefined),
    learningRate: given("learningRate"),
    damping: given("damping"),
    momentum: given("momentum"),
    window: given("window"),
    maxStep: given("maxStep"),
  });
}

/** Fits of few rows, odd in scales, weights, offsets, priors or settings. */
export function cases(names: readonly string[]): fc.Arbitrary<Case> {
  return fc.constantFrom(...names).chain((sampler) =>
    fc
      .record({
        family: fc.constantFrom(...(Object.keys(families) as FamilyName[])),
        numRows: fc.constantFrom(6, 20, 60, 200),
        numColumns: fc.integer({ min: 1, max: 4 }),
        columnSize: mostly(1, ...sizes),
        targetSize: mostly(1, ...sizes),
        shift: mostly(0, 1e6, 1e12, 1e15),
        weighting: mostly<string | undefined>(undefined, ...Object.keys(weightings)),
        offset: mostly<string | undefined>(undefined, ...Object.keys(offsets)),
        standardize: mostly<FitOptions["standardize"]>(undefined, "none"),
        prior,
        interceptPrior: prior,
        fixed: mostly<number | undefined>(undefined, 1e-300, 1e-9, 0.01, 100, 1e5, 1e9, 1e200),
        tuning: tuningOf(sampler),
        seed: fc.integer({ min: 1, max: 1e6 }),
      })
      .map((given): Case => {
        const { family, numRows, numColumns, seed, tuning, weighting, standardize, interceptPrior, fixed } = given;
        const random = createRandom(seed, 0, 21);
        const columns = Array.from({ length: numColumns }, () =>
          Array.from({ length: numRows }, () => random.normal()),
        );
        const isScaled = family === "gaussian" || family === "student-t";
        const y = Array.from({ length: numRows }, (_, n) => {
          const eta = columns.reduce((sum, column, j) => sum + (j % 2 ? -0.4 : 0.6) * column[n], 0.3);
          const value = targetOf(family, eta, random);
          return isScaled ? given.targetSize * (value as number) : value;
        });
        const rows = Array.from({ length: numRows }, (_, n) => n);
        const data: Case["data"] = { y: y as number[] };
        columns.forEach((column, j) => {
          data[`x${j}`] = j === 0 ? column.map((value) => given.columnSize * value + given.shift) : column;
        });
        const terms = Object.keys(data).slice(1);
        if (weighting !== undefined) data.w = rows.map(weightings[weighting]);
        if (given.offset !== undefined) {
          data.z = rows.map(offsets[given.offset]);
          terms.push("offset(z)");
        }
        const fixes = isScaled ? "sigma" : family === "negative-binomial" ? "dispersion" : undefined;
        const auxiliaries = family === "student-t" && seed % 2 ? "nu" : fixes;
        return {
          data,
          formula: `y ~ ${terms.join(" + ")}`,
          options: {
            ...{ family, sampler, seed, ...tuning, standardize, prior: given.prior, interceptPrior },
            ...(weighting !== undefined && { weights: "w" }),
            ...(fixed !== undefined && auxiliaries && { [auxiliaries]: fixed }),
            ...{ chains: 2, draws: 20, tolerance: 0.5 },
          },
        };
      }),
  );
}

export const allSamplers = ["auto", ...samplers.map(({ name }) => name)];
