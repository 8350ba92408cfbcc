import { describe, expect, it } from "vitest";
import { fit } from "../../../src/node.ts";
import { groupDesigns, simulatedFormula, simulatedPriors, simulateGroups } from "../simulated-groups.ts";

// Simulation-based calibration (Talts et al. 2018): with parameters drawn from the prior, and data given them, the rank of a parameter
// among the draws of its posterior is uniform, and its 94% interval covers it in 94% of the data sets.

const numSets = Number(process.env.ORNSTEIN_CALIBRATION_SETS ?? 50);
const numBins = 10;
const parameters = ["Intercept", "x1", "x2", "sd(g)[Intercept]"] as const;
const effect = "effect of the first group";

/** Independent enough for ranks: NUTS keeps every eighth iteration of models as small as these. */
const sampling = { chains: 4, draws: 50, sampler: "nuts", effects: true } as const;

/** Of a parameter the rank among its S draws, (k + ½)/(S + 1) with k of them below it, a data set each. */
interface RankedParameter {
  readonly ranks: number[];
  numDraws: number;
}

type Ranks = Map<string, RankedParameter>;

async function ranksOf(design: (typeof groupDesigns)[number]): Promise<Ranks> {
  const ranks: Ranks = new Map([...parameters, effect].map((name) => [name, { ranks: [], numDraws: 0 }]));
  const add = (name: string, draws: readonly number[], truth: number) => {
    const parameter = ranks.get(name)!;
    parameter.numDraws = draws.length;
    parameter.ranks.push(rankOf(draws.filter((draw) => draw < truth).length, draws.length));
  };
  for (let set = 0; set < numSets; set++) {
    const simulated = simulateGroups(design, 1000 + set);
    const data = { ...simulated.columns, y: simulated.y };
    const options = { family: design.family, seed: set + 1, ...sampling, ...simulatedPriors(design.family) };
    const posterior = await fit({ data, formula: simulatedFormula }, options);
    for (const name of parameters) {
      const draws = posterior.draws.get(name)!.flatMap((chain) => [...chain]);
      add(name, draws, simulated.parameters[name]);
    }
    const [effects] = posterior.groupEffects!;
    if (effects.known.kind !== "draws") throw new Error("Draws of the groups' effects are expected.");
    const { values, numDraws } = effects.known;
    const level = Array.from({ length: effects.numLevels }, (_, j) => effects.level(j)).indexOf(simulated.groups[0]);
    add(effect, [...values.subarray(level * numDraws, (level + 1) * numDraws)], simulated.effects[0]);
  }
  return ranks;
}

const rankOf = (below: number, numDraws: number) => (below + 0.5) / (numDraws + 1);

/** Σ (observed − expected)²/expected of ranks in bins of equal width. */
function chiSquare(ranks: readonly number[]): number {
  const counts = new Array<number>(numBins).fill(0);
  for (const rank of ranks) counts[Math.min(numBins - 1, Math.floor(rank * numBins))]++;
  const expected = ranks.length / numBins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Beyond it 1 of 5,000 with 9 degrees of freedom; 30 are looked at. */
const largestChiSquare = 31.8;
/** 3.7 standard errors, beyond which 1 of 4,000 normal deviations lie; and half of a data set, as their number is whole. */
const largestMiss = 3.7 * Math.sqrt((0.94 * 0.06) / numSets) + 0.5 / numSets;

const coverage = (ranks: readonly number[]) => ranks.filter((rank) => rank > 0.03 && rank < 0.97).length / ranks.length;

/** The share of S + 1 ranks that lie within: 0.94 only where there are many draws. */
function expectedCoverage(numDraws: number): number {
  return coverage(Array.from({ length: numDraws + 1 }, (_, below) => rankOf(below, numDraws)));
}

describe(`calibration over ${numSets} data sets a design`, () => {
  for (const design of groupDesigns)
    it(`${design.family}, ${design.groupSize} rows a group`, { timeout: 3_600_000 }, async () => {
      for (const [name, { ranks, numDraws }] of await ranksOf(design)) {
        const [found, expected] = [coverage(ranks), expectedCoverage(numDraws)];
        console.info(`${name}: chi-square ${chiSquare(ranks).toFixed(1)}, ${found} covered of ${expected.toFixed(3)}`);
        expect(chiSquare(ranks), `ranks of ${name}`).toBeLessThan(largestChiSquare);
        expect(Math.abs(found - expected), `intervals of ${name}`).toBeLessThan(largestMiss);
      }
    });
});
