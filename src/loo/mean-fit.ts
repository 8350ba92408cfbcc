import type { GroupEffects } from "../prediction/group-effects.ts";
import type { PredictiveFit } from "../prediction/predictive-fit.ts";

/** The fit with a single draw, the posterior mean of every parameter and every effect of its groups. */
export function meanFit({ recipe, draws, groupEffects }: PredictiveFit): PredictiveFit {
  const means = new Map([...draws].map(([name, chains]) => [name, [Float64Array.of(meanOf(chains))]]));
  return { recipe, draws: means, ...(groupEffects && { groupEffects: groupEffects.map(atMean) }) };
}

function meanOf(chains: readonly Float64Array[]): number {
  let [sum, count] = [0, 0];
  for (const chain of chains) {
    for (let s = 0; s < chain.length; s++) sum += chain[s];
    count += chain.length;
  }
  return sum / count;
}

const atMean = (effects: GroupEffects): GroupEffects => ({
  ...effects,
  known: { kind: "draws", numDraws: 1, values: effects.mean },
});
