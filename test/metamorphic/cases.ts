import fc from "fast-check";
import type { FamilyName } from "../../src/families/families.ts";
import { families } from "../../src/families/families.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";

/** Columns by name, of numbers or texts. */
export type Columns = Readonly<Record<string, readonly number[] | readonly string[]>>;

/** A table, a formula and options that a fit takes. */
export interface Case {
  readonly data: Columns;
  readonly family: FamilyName;
  readonly terms: string;
  readonly weights?: string;
  readonly sampler: string;
  readonly seed: number;
}

/** So wide that hardly anything of the result rests on how columns are coded, and narrow enough that rare events have a mode. */
export const widePrior = { prior: "normal(0, 30)", interceptPrior: "normal(0, 60)" } as const;

const levels = ["b", "a", "d"];

/** How a target's law follows from a linear predictor. */
function targetOf(family: FamilyName, eta: number, random: ReturnType<typeof createRandom>): number | string {
  const noise = random.normal();
  switch (family) {
    case "gaussian":
      return 3 + 2 * eta + noise;
    case "student-t":
      return 3 + 2 * eta + noise / Math.sqrt(Math.max(0.2, -Math.log(random.uniform())));
    case "bernoulli":
      return random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
    case "categorical":
      return eta + noise > 0.7 ? "up" : eta - noise > 0 ? "down" : "level";
    default: {
      const rate = Math.exp(1 + 0.4 * eta) * (family === "negative-binomial" ? -Math.log(random.uniform()) : 1);
      let count = -1;
      let left = rate;
      while (left > 0) {
        left += Math.log(random.uniform());
        count++;
      }
      return Math.max(count, 0);
    }
  }
}

/** Tables of a few hundred rows with numbers x and z and a factor g, whose target follows them. */
export function cases(samplers: readonly string[]): fc.Arbitrary<Case> {
  return fc
    .record({
      // Trials stand in a formula, which these cases' transformations do not write.
      family: fc.constantFrom(
        ...(Object.keys(families) as FamilyName[]).filter((name) => families[name].target !== "trials"),
      ),
      terms: fc.constantFrom("x + z", "x + g", "x + z + g", "0 + x + g", "x * g", "0 + x + z", "x + offset(z)"),
      isWeighted: fc.boolean(),
      sampler: fc.constantFrom(...samplers),
      numRows: fc.integer({ min: 250, max: 500 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    .filter(({ family, terms }) => !(family === "categorical" && terms.includes("offset")))
    .map(({ family, terms, isWeighted, sampler, numRows, seed }) => {
      const random = createRandom(seed, 0, 20);
      const x = Array.from({ length: numRows }, () => 4 + 2 * random.normal());
      const z = x.map((value) => 0.3 * value + random.normal());
      const g = x.map(() => levels[Math.floor(3 * random.uniform())]);
      const y = x.map((value, n) =>
        targetOf(family, 0.3 * (value - 4) - 0.4 * z[n] + 0.5 * (levels.indexOf(g[n]) - 1), random),
      );
      const n = x.map(() => 1 + Math.floor(2 * random.uniform()));
      const data = { y, x, z, g, n } as Columns;
      return { data, family, terms, ...(isWeighted && { weights: "n" }), sampler, seed };
    });
}
