import { conjugate } from "../baselines/conjugate.ts";
import { laplace } from "../baselines/laplace.ts";
import { needsConjugate } from "../estimation/conjugate.ts";
import type { Problem } from "../estimation/problem.ts";
import { constantSgd } from "./constant-sgd.ts";
import { controlVariate } from "./control-variate.ts";
import { type Sampler, SamplerOptionError, type SamplerOptions } from "./sampler.ts";

/** The one list of samplers: the conformance suite, the command's choices and the documentation are derived from it. */
export const samplers: readonly Sampler[] = [constantSgd, controlVariate, laplace, conjugate];

export function samplerNamed(name: string): Sampler {
  const found = samplers.find((sampler) => sampler.name === name);
  if (!found) {
    const names = ["auto", ...samplers.map((sampler) => sampler.name)].join(", ");
    throw new SamplerOptionError(`There is no sampler "${name}"; choose one of ${names}.`);
  }
  return found;
}

/**
 * The sampler for people who read nothing: control variates, whose error falls below any tolerance and whose cost per
 * draw does not grow with N; `constant-sgd` where a preconditioner was asked for; `conjugate` where a linear model has too
 * few rows for its joint mode to mean much.
 */
export function chooseSampler(problem: Problem, options: SamplerOptions): { sampler: Sampler; because: string } {
  if (options.preconditioner !== undefined || options.learningRate !== undefined) {
    return {
      sampler: constantSgd,
      because: "auto: constant SGD, because a preconditioner or a learning rate was given",
    };
  }
  if (needsConjugate(problem.model)) {
    return {
      sampler: conjugate,
      because: "auto: with so few rows the joint mode of coefficients and sigma says little",
    };
  }
  return { sampler: controlVariate, because: "auto" };
}
