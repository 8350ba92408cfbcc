import type { NodeRule } from "../engine/bindings/group-record.ts";
import { productRule } from "../linalg/gauss-hermite.ts";

/** Of one effect, more nodes than these stand at equal distances. */
const maxHermiteNodes = 21;

/**
 * Nodes for the integral over an inner group's effects, K a dimension. Gauss–Hermite quadrature around the mode, in the scale of the curvature
 * there, is best where the integrand is near a normal density. Where the effects' sd is large against a few binary rows it is a step times a
 * normal density: its tails are wide against the curvature, and hundreds of nodes would be needed. The trapezoidal rule over the interval in
 * which the integrand counts converges exponentially for any smooth one (Trefethen & Weideman 2014).
 */
export function nodeRule(count: number, numEffects: number): NodeRule {
  return isTrapezoidal(count, numEffects) ? trapezoidalRule(count) : hermiteRule(count, numEffects);
}

const isTrapezoidal = (count: number, numEffects: number) => numEffects === 1 && count > maxHermiteNodes;

/** Whether the kernels go from node to node by factors, which costs next to nothing (kernels/groups/node-steps.ts). */
export function isStepped(family: string, count: number, numEffects: number): boolean {
  return family === "bernoulli" && isTrapezoidal(count, numEffects);
}

/** Gauss–Hermite quadrature in the scale of the integrand's curvature. */
export function hermiteRule(count: number, numEffects: number): NodeRule {
  const { nodes, weights } = productRule(count, numEffects);
  const logWeights = weights.map((weight, k) => {
    const node = nodes.subarray(k * numEffects, (k + 1) * numEffects);
    return Math.log(weight) + 0.5 * node.reduce((sum, t) => sum + t * t, 0);
  });
  return { nodes, logWeights, isInterval: false };
}

/** Nodes from −1 to 1 at equal distances. The integrand is next to nothing at the ends, whose weights are those of the others. */
function trapezoidalRule(count: number): NodeRule {
  const distance = 2 / (count - 1);
  const nodes = Float64Array.from({ length: count }, (_, k) => k * distance - 1);
  nodes.sort((a, b) => Math.abs(a) - Math.abs(b));
  const logWeight = Math.log(distance / Math.sqrt(2 * Math.PI));
  return { nodes, logWeights: new Float64Array(count).fill(logWeight), isInterval: true };
}
