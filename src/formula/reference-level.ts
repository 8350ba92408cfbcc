import type { InputError } from "../errors.ts";
import { closestNames, listed } from "../suggest.ts";
import { indexOfLevel, quotedLevels, type ValueKind } from "../table/level.ts";
import type { Expression, ReferenceLevel } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";

/**
 * The place of the reference among a factor's sorted levels, 0 where none is named.
 * @throws InputError where no row has it.
 */
export function indexOfReference(
  reference: ReferenceLevel | undefined,
  levels: readonly string[],
  { name, kind, text }: { readonly name: string; readonly kind: ValueKind; readonly text: string },
): number {
  if (!reference) return 0;
  const index = indexOfLevel(reference.level, levels, kind);
  if (index >= 0) return index;
  const close = quotedLevels(closestNames(reference.level, levels));
  const shown = levels.length > 12 ? [...levels.slice(0, 10), `… (${levels.length} in all)`] : levels;
  const hint = close.length > 0 ? `did you mean ${listed(close, "or")}?` : `its levels are ${shown.join(", ")}.`;
  throw formulaError(text, reference.at, `no complete row has ${name} = "${reference.level}"; ${hint}`);
}

const supported = 'C() takes a reference level, as in C(x, ref = "b") or C(x, Treatment("b"))';

/** Says what is wrong with a call of C() in which no reference level stands after the expression, or with R's relevel(). */
export function codingMistake({ name: called, args, at }: Expression & { kind: "call" }, text: string): InputError {
  if (called !== "C") return formulaError(text, at, `${called}() is not known; ${supported}.`);
  const [, coding, more] = args;
  if (more) return formulaError(text, more.at, `${supported}, and nothing after it.`);
  const named = namedValue(coding);
  if (named) return levelMistake(named, text);
  const isCalled = coding.kind === "call";
  if (isCalled && coding.name === "Treatment" && coding.args.length === 1)
    return levelMistake(namedValue(coding.args[0]) ?? coding.args[0], text);
  const name = isCalled || coding.kind === "column" ? coding.name : undefined;
  const other = name === undefined || name === "Treatment" ? "" : `; ${name} is not known to it`;
  return formulaError(text, coding.at, `${supported}${other}.`);
}

/** b of `ref = b` and `reference = b`. */
function namedValue(expression: Expression): Expression | undefined {
  if (expression.kind !== "binary" || expression.left.kind !== "column") return undefined;
  return ["ref", "reference"].includes(expression.left.name) ? expression.right : undefined;
}

function levelMistake(expression: Expression, text: string): InputError {
  const hint = expression.kind === "column" ? `, as in C(x, ref = "${expression.name}")` : "";
  return formulaError(text, expression.at, `the reference level is a text in quotes, a number, true or false${hint}.`);
}
