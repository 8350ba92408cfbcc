import type { HamiltonianStatistics } from "../../sampling/plan.ts";
import { percent } from "./wording.ts";

/** Below this E-BFMI the momenta carry a chain too slowly across energies (Betancourt 2017, section 6.1). */
const minEnergyFraction = 0.3;

/** Up to this fraction of diverging trajectories can hide only a corner of the posterior. */
const slightDivergence = 0.001;

/**
 * E-BFMI = Σ (E_n − E_{n−1})² / Σ (E_n − Ē)²: the energy that a fresh momentum changes, against the energies there are.
 * About 1 for a normal target. Source: Betancourt (2016), arXiv 1604.00695.
 */
export function energyFraction(energy: Float64Array): number {
  const mean = energy.reduce((sum, value) => sum + value, 0) / energy.length;
  let changes = 0;
  let spread = 0;
  energy.forEach((value, n) => {
    if (n > 0) changes += (value - energy[n - 1]) ** 2;
    spread += (value - mean) ** 2;
  });
  return changes / spread;
}

/** Whether chains of Hamiltonian dynamics explored the posterior: divergences, cut-off trajectories, energies. */
export function checkHamiltonian(chains: readonly HamiltonianStatistics[]): {
  readonly passed: boolean;
  readonly slight?: boolean;
  readonly message: string;
} {
  const total = chains.reduce((sum, chain) => sum + chain.energy.length, 0);
  const count = (has: (chain: HamiltonianStatistics, draw: number) => boolean) =>
    chains.reduce((sum, chain) => sum + chain.energy.reduce((n, _, draw) => n + (has(chain, draw) ? 1 : 0), 0), 0);
  const divergences = count(({ diverging }, draw) => diverging[draw] === 1);
  const saturated = count(({ treeDepth, largestTreeDepth }, draw) => treeDepth[draw] >= largestTreeDepth);
  const fraction = Math.min(...chains.map(({ energy }) => energyFraction(energy)));
  const of = (some: number) => `${some.toLocaleString("en")} of ${total.toLocaleString("en")} trajectories`;
  const failures: string[] = [];
  if (divergences > 0) {
    const what =
      divergences <= slightDivergence * total
        ? "too few to move a mean or an sd, but the draws may miss a corner of the posterior too narrow for the step"
        : "so the draws miss a part of the posterior too narrow for the step";
    failures.push(`${of(divergences)} diverged, ${what}; a tighter --prior or columns on like scales make it wider.`);
  }
  if (saturated > 0) {
    failures.push(
      `${of(saturated)} were cut off at ${2 ** chains[0].largestTreeDepth - 1} steps, before they turned back, so the draws forget slowly where they were; use --preconditioner full, or remove collinear columns.`,
    );
  }
  // Not "< 0.3": energies that never change give NaN.
  if (!(fraction >= minEnergyFraction)) {
    failures.push(
      `The smallest E-BFMI of a chain is ${fraction.toFixed(2)}, below ${minEnergyFraction}: the draws reach the tails of the posterior too slowly; run more --draws, and give heavy-tailed coefficients a tighter --prior.`,
    );
  }
  if (failures.length > 0) {
    const slight = failures.length === 1 && divergences > 0 && divergences <= slightDivergence * total;
    return { passed: false, slight, message: failures.join(" ") };
  }
  const mean = (value: (chain: HamiltonianStatistics) => number) =>
    chains.reduce((sum, chain) => sum + value(chain), 0) / chains.length;
  const acceptance = mean((chain) => chain.acceptance.reduce((sum, value) => sum + value, 0) / chain.energy.length);
  const gradients = mean((chain) => chain.gradients / chain.energy.length);
  return {
    passed: true,
    message: `No trajectory diverged or was cut off (smallest E-BFMI ${fraction.toFixed(2)}, mean acceptance ${percent(acceptance)}, ${gradients.toFixed(1)} gradients a draw).`,
  };
}
