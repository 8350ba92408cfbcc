import type { WideProblem } from "../../estimation/wide-problem.ts";
import type { PreconditionerName, TuningName } from "../../options/tuning.ts";
import { runWideAveraging } from "../algorithms/wide-averaging.ts";
import { runWideLangevin } from "../algorithms/wide-langevin.ts";
import type { SamplerOptions } from "../sampler.ts";
import type { WideRun } from "./wide-chains.ts";

/** A sampler for models of very many parameters; its memory is O(M). */
interface WideSampler {
  /** As it is asked for by `--sampler`. */
  readonly name: string;
  readonly tuning: readonly TuningName[];
  readonly preconditioners: readonly PreconditionerName[];
  run(local: WideProblem, options: SamplerOptions): Promise<WideRun>;
}

/** What a model of more than 2,000 parameters can be sampled with. */
export const wideSamplers: readonly WideSampler[] = [
  { name: "auto", tuning: [], preconditioners: [], run: runWideLangevin },
  {
    name: "iasg",
    tuning: ["preconditioner", "batchSize", "learningRate", "window", "covariance"],
    preconditioners: ["diagonal"],
    run: runWideAveraging,
  },
];
