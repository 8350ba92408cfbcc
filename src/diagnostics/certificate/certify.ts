import { isDense, type Run } from "../../sampling/run.ts";
import type { Certificate, CertificateContext } from "./certificate.ts";
import { denseFindings } from "./dense-findings.ts";
import { lowRankFindings } from "./low-rank-findings.ts";
import { monteCarloErrors } from "./precision.ts";

/** What the theory predicts of a run, what was measured, and the verdict. */
export async function certify(run: Run, context: CertificateContext): Promise<Certificate> {
  const { isDoubtful, isUnfounded, ...findings } = isDense(run)
    ? await denseFindings(run, context)
    : lowRankFindings(run, context);
  const { checks, maxSdError } = findings;
  const failed = isUnfounded || checks.some(({ passed, slight }) => !passed && !slight);
  const warned = isDoubtful || checks.some(({ passed }) => !passed) || context.notes.length > 0;
  return {
    verdict: failed ? "failed" : warned ? "warning" : "ok",
    klToLaplace: findings.klToLaplace,
    maxSdError,
    monteCarlo: monteCarloErrors(context.coefficients, maxSdError.predicted),
    informationRatio: findings.informationRatio,
    // Settings that are not are refused.
    meanSquareStable: true,
    largestStableScale: findings.largestStableScale,
    assumptions: findings.assumptions,
    checks,
    ...(findings.quadrature && { quadrature: findings.quadrature }),
    notes: [...findings.notes, ...context.notes],
  };
}
