import { InputError } from "../errors.ts";
import { closestNames, listed } from "../suggest.ts";
import type { KindOfPrior } from "./density.ts";

/** What of a law is needed to read it. */
export interface Form {
  readonly kind: string;
  readonly parameters: readonly string[];
  readonly example: string;
  respelled?(text: string): string;
}

/** "normal(0, 2.5), student-t(3, 0, 1) or laplace(0, 1)": what can be written, for sentences that refuse something else. */
export const examplesOf = (forms: readonly Form[]) =>
  listed(
    forms.map(({ example }) => example),
    "or",
  );

/**
 * Reads `kind(number, number, …)` of one of the forms.
 * @throws InputError with a sentence that names the option
 */
export function parseDistribution(text: string, option: string, forms: readonly Form[]): KindOfPrior {
  const usual = forms.reduce((written, form) => form.respelled?.(written) ?? written, text);
  const [, written = "", inside = ""] = /^\s*([a-z][a-z-]*)\s*\(([^()]*)\)\s*$/i.exec(usual) ?? [];
  const form = forms.find(({ kind }) => kind === written.toLowerCase());
  if (!form) {
    const kinds = forms.map(({ kind }) => kind);
    const close = written === "" ? [] : closestNames(written, kinds);
    const hint = close.length > 0 ? ` (did you mean ${listed(close, "or")}?)` : "";
    throw new InputError(`${option} cannot be "${usual}": write ${examplesOf(forms)}${hint}.`);
  }
  const { kind, parameters, example } = form;
  const values = inside.split(",").map((value) => (value.trim() === "" ? Number.NaN : Number(value)));
  if (values.length !== parameters.length || !parameters.every((name, n) => isPossible(name, values[n]))) {
    const positive = listed(
      parameters.filter((name) => name !== "mean"),
      "and",
    );
    throw new InputError(
      `${option} cannot be "${usual}": it is ${kind}(${parameters.join(", ")}) with ${positive} above 0, such as ${example}.`,
    );
  }
  return requireReasonable({ kind, ...Object.fromEntries(parameters.map((name, n) => [name, values[n]])) }, option);
}

const isPossible = (name: string, value: unknown) =>
  typeof value === "number" && Number.isFinite(value) && (name === "mean" || value > 0);

/** Whether a value is an object of this form: its kind, and numbers for its parameters. */
export function hasForm(value: object, { kind, parameters }: Form): boolean {
  const given = value as Record<string, unknown>;
  return given.kind === kind && parameters.every((name) => isPossible(name, given[name]));
}

/** What the numbers of a prior may be; all of them but shapes are on the standardised scale, where 1 is usual. */
const bounds = { mean: 1e12, scale: [1e-12, 1e12], shape: [0.01, 1e6] } as const;
const shapes = new Set(["degrees", "shape"]);

/** @throws InputError where a number of a prior is beyond what can be computed with */
export function requireReasonable<Prior extends KindOfPrior>(prior: Prior, option: string): Prior {
  for (const [name, value] of Object.entries(prior)) {
    if (typeof value !== "number") continue;
    const [min, max] = name === "mean" ? [-bounds.mean, bounds.mean] : shapes.has(name) ? bounds.shape : bounds.scale;
    if (value >= min && value <= max) continue;
    throw new InputError(
      `${option} cannot have the ${name} ${value}: it takes a number from ${min} to ${max}; put the target or the column on another scale where that is too narrow.`,
    );
  }
  return prior;
}
