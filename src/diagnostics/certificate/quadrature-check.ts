import type { Quadrature } from "../../estimation/quadrature.ts";
import type { Convergence, QuadratureFindings, RunCheck } from "./certificate.ts";
import { sdsAway } from "./wording.ts";

/** A shift of so many sds changes no interval that people read. */
const smallShift = 0.1;
/** And of so many not worth a digit. */
const leastShift = 0.001;

/** What the numerical integration over groups' effects leaves to be desired, against a tolerance in posterior sds. */
export function findQuadrature(
  { nodes, error, laplace }: Quadrature,
  coefficients: readonly Convergence[],
  tolerance: number,
): { readonly findings: QuadratureFindings; readonly check: RunCheck } {
  const named = laplace && {
    largestShift: laplace.largestShift,
    coefficient: coefficients[laplace.parameter]?.name ?? "",
  };
  const findings = {
    nodes: nodes.inner,
    ...(nodes.outer > 1 && { outerNodes: nodes.outer }),
    error,
    ...(named && { laplace: named }),
  };
  const ofNodes =
    error === 0
      ? "The groups' effects are integrated out exactly."
      : `The groups' effects are integrated out with ${nodes.inner} nodes${nodes.outer > 1 ? ` within ${nodes.outer}` : ""} a dimension; more would move no parameter by more than ${sdsAway(Math.max(error, leastShift))}.`;
  const ofLaplace =
    named && named.largestShift >= smallShift
      ? ` Laplace's approximation, which other programs take by default, would move ${named.coefficient} by ${sdsAway(named.largestShift)}.`
      : "";
  const passed = error <= tolerance;
  return {
    findings,
    check: { id: "quadrature", passed, slight: !passed && error <= 5 * tolerance, message: `${ofNodes}${ofLaplace}` },
  };
}
