import type { Call, Expression } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";

/** The left side of a binomial model: how many of a row's trials succeeded. */
export interface TrialsTarget {
  readonly successes: Expression;
  readonly trials: Expression;
  /** Whether successes and failures were given, as cbind(y, n - y), of which the trials are the sum. */
  readonly isOfFailures: boolean;
}

/** `y | trials(n)` */
export function isTrialsOf(
  expression: Expression,
): expression is Expression & { readonly kind: "binary"; readonly right: Call } {
  const isOr = expression.kind === "binary" && expression.operator === "or";
  return isOr && expression.right.kind === "call" && expression.right.name === "trials";
}

/**
 * What `y | trials(n)` or `cbind(y, n - y)` says; nothing of another left side.
 * @throws InputError where they have other arguments
 */
export function trialsTarget(target: Expression, text: string): TrialsTarget | undefined {
  if (isTrialsOf(target)) {
    const [trials, more] = target.right.args;
    if (!trials || more)
      throw formulaError(text, target.right.at, "trials() takes how many trials a row has, as in y | trials(n).");
    return { successes: target.left, trials, isOfFailures: false };
  }
  if (target.kind !== "call" || target.name !== "cbind") return undefined;
  const [successes, failures, more] = target.args;
  if (!failures || more)
    throw formulaError(text, target.at, "cbind() takes successes and failures, as in cbind(y, n - y).");
  const trials = { kind: "binary", operator: "+", left: successes, right: failures, at: failures.at } as const;
  return { successes, trials, isOfFailures: true };
}
