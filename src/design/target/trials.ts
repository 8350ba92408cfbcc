import { InputError } from "../../errors.ts";
import type { EventOption } from "../../formula/event.ts";
import { compileNumeric, type ExpressionScope } from "../../formula/expression.ts";
import type { Expression } from "../../formula/formula.ts";
import { expressionText } from "../../formula/formula-text.ts";
import type { TrialsTarget } from "../../formula/trials.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { formatCount, type TableChunk } from "../../table/table-source.ts";
import type { DesignFamily } from "../design-types.ts";
import type { RowNumbers } from "../recipe/row-numbers.ts";
import { isCount } from "./counts.ts";
import type { TargetReader } from "./target-types.ts";

/** Successes and trials of rows. */
export interface TrialRows {
  readonly successes: Float64Array;
  readonly trials: Float64Array;
}

/** Reads them, whatever they are. @throws InputError where an expression does not fit the table */
export function compileTrials(target: TrialsTarget, scope: ExpressionScope): (chunk: TableChunk) => TrialRows {
  const who = target.isOfFailures ? "cbind()" : "trials()";
  const successes = compileNumeric(target.successes, scope, who);
  const trials = compileNumeric(target.trials, scope, who);
  return (chunk) => ({ successes: successes.evaluate(chunk), trials: trials.evaluate(chunk) });
}

/** Whether so many of so many trials can have succeeded; of no trials nothing is known. */
export function areTrials(successes: number, trials: number): boolean {
  return isCount(successes) && isCount(trials) && successes <= trials;
}

/** @throws InputError naming the first row whose numbers are none of trials */
function requireTrials(
  { successes, trials }: TrialRows,
  target: TrialsTarget,
  { rowNumber }: Pick<CompleteRows, "rowNumber">,
): void {
  for (let i = 0; i < trials.length; i++) {
    const [y, n] = [successes[i], trials[i]];
    if (areTrials(y, n)) continue;
    const own = `${expressionText(target.successes)} is ${y}`;
    const others = target.isOfFailures
      ? `the failures are ${n - y}`
      : `${expressionText(target.trials)}, the number of trials, is ${n}`;
    const isMore = !target.isOfFailures && isCount(y) && isCount(n);
    const wanted = isMore ? "no more of the trials succeed than there are" : "both are whole numbers, 0 or more";
    throw new InputError(
      `In data row ${formatCount(rowNumber(i))} ${own} and ${others}, and ${wanted}; correct the row, or drop it with --sql.`,
    );
  }
}

/**
 * The weight of a row of trials, which is how many there are, times its own where it has one.
 * @throws InputError where a row's numbers are none of trials
 */
export function trialWeights(
  target: TrialsTarget,
  scope: ExpressionScope,
  own: { readonly expression: Expression; readonly read: RowNumbers } | undefined,
): { readonly expression: Expression; readonly read: RowNumbers } {
  const readTrials = compileTrials(target, scope);
  const read = (rows: CompleteRows): Float64Array => {
    const values = readTrials(rows.chunk);
    requireTrials(values, target, rows);
    const weights = own?.read(rows);
    return weights ? values.trials.map((n, i) => n * weights[i]) : values.trials;
  };
  const { trials } = target;
  if (!own) return { expression: trials, read };
  return { expression: { kind: "binary", operator: "*", left: trials, right: own.expression, at: trials.at }, read };
}

/** The target of trials: the fraction of each row's that succeeded. */
export function trialsReader(
  name: string,
  target: TrialsTarget,
  { scope, event }: { readonly scope: ExpressionScope; readonly event?: EventOption },
): TargetReader {
  const readTrials = compileTrials(target, scope);
  let [fewest, most] = [1, 0];
  return {
    read({ chunk }) {
      const { successes, trials } = readTrials(chunk);
      return successes.map((y, i) => y / trials[i]);
    },
    labelOf: String,
    add(fractions) {
      for (let i = 0; i < fractions.length; i++) {
        fewest = Math.min(fewest, fractions[i]);
        most = Math.max(most, fractions[i]);
      }
    },
    get statistics() {
      return { seen: [fewest, most] };
    },
    merge({ seen: [least, largest] }) {
      fewest = Math.min(fewest, least);
      most = Math.max(most, largest);
    },
    finish(family) {
      if (family !== undefined && family !== "binomial")
        throw new InputError(
          `The target ${name} is of trials, which is for the binomial family, and the ${family} family was asked for; leave out one of them.`,
        );
      if (event !== undefined)
        throw new InputError(
          `The option event names one of the two values of a bernoulli target, and ${name} is of trials, whose successes are counted: leave it out, or write the other count before trials().`,
        );
      if (fewest === most && (most === 0 || most === 1))
        throw new InputError(
          `In ${name} ${most === 1 ? "every" : "no"} trial of any row succeeded, so there is nothing to learn from it; use another target, or rows where it differs.`,
        );
      return {
        target: { name, kind: "trials", mean: 0, scale: 1 },
        family: "binomial",
        familyGuessed: false,
        warnings: [],
        encodeInto(values, rows, at, stride) {
          for (let i = 0; i < values.length; i++) rows[at + i * stride] = values[i];
        },
      };
    },
  };
}

/** @throws InputError where the binomial family is asked for of a target without trials */
export function requireTrialsOf(name: string, family: DesignFamily | undefined): void {
  if (family !== "binomial") return;
  throw new InputError(
    `The binomial family needs the number of trials of each row beside ${name}, how many succeeded: write ${name} | trials(n) ~ … or cbind(${name}, failures) ~ … in the formula; of single trials, use --family bernoulli.`,
  );
}
