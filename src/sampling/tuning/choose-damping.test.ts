import { expect, it } from "vitest";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { NoStableStepError } from "../sampler.ts";
import { chooseDamping } from "./choose-damping.ts";

it("no step is stable where batches make too much noise at the next damping, though all rows make none at the first", async () => {
  const spec = () => {
    throw new Error("There are no settings for a damping that is not feasible.");
  };
  const options = { tolerance: 0.02, chains: 4, draws: 100, seed: 1 };
  const local = { model: { groups: undefined } } as DenseApproximation;
  const run = chooseDamping(local, spec, (damping) => damping === 0.5, options);
  await expect(run).rejects.toThrow(NoStableStepError);
});
