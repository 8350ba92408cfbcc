import type { Remedy } from "../../sampling/sampler.ts";
import { largestByChance } from "../statistics/r-hat.ts";
import type { Convergence, RunCheck } from "./certificate.ts";

export const minEffectiveSamples = 400;
export const largestRHat = 1.01;

/** @param chains where draws are few or coefficients many, the largest R̂ of all passes the usual limit by chance */
export function checkConvergence(coefficients: readonly Convergence[], { fewDraws }: Remedy, chains: number): RunCheck {
  const fewest = coefficients.reduce((worst, c) => (c.essBulk < worst.essBulk ? c : worst));
  const limitOf = ({ essBulk }: Convergence) =>
    Math.max(largestRHat, largestByChance(essBulk, 2 * chains, coefficients.length));
  const largest = coefficients.reduce((worst, c) => (c.rHat - limitOf(c) > worst.rHat - limitOf(worst) ? c : worst));
  if (fewest.essBulk < minEffectiveSamples) {
    return {
      id: "convergence",
      passed: false,
      message: `${fewest.name} has only ${Math.round(fewest.essBulk)} effective draws (${minEffectiveSamples} are wanted), so its interval is rough; ${fewDraws ?? "run more --draws"}.`,
    };
  }
  const limit = limitOf(largest);
  if (largest.rHat > limit) {
    return {
      id: "convergence",
      passed: false,
      message: `The chains disagree about ${largest.name} (R̂ ${largest.rHat.toFixed(3)}, above ${limit.toFixed(2)}); run more --draws.`,
    };
  }
  const most = coefficients.reduce((worst, { rHat }) => Math.max(worst, rHat), 0);
  return {
    id: "convergence",
    passed: true,
    message: `The chains agree (R̂ at most ${most.toFixed(3)}) and every coefficient has at least ${Math.floor(fewest.essBulk).toLocaleString("en")} effective draws.`,
  };
}
