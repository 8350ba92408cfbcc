import { InputError } from "../errors.ts";
import { closestNames, listed } from "../suggest.ts";

/** A distribution's kind and the values of its arguments by name. */
export interface Distribution {
  readonly kind: string;
}

/** The names of the arguments of each kind of distribution, in the order in which they are written. */
type Arguments = Readonly<Record<string, readonly string[]>>;

/**
 * Reads `kind(number, number, …)`. Every argument but `mean` is above 0.
 *
 * @param forms Examples of what can be written.
 * @throws InputError with a sentence that names the option
 */
export function parseDistribution(text: string, option: string, known: Arguments, forms: string): Distribution {
  const [, kind = "", inside = ""] = /^\s*([a-z][a-z-]*)\s*\(([^()]*)\)\s*$/i.exec(text) ?? [];
  const names = Object.hasOwn(known, kind.toLowerCase()) ? known[kind.toLowerCase()] : undefined;
  if (!names) {
    const close = closestNames(kind, Object.keys(known));
    const hint = kind !== "" && close.length > 0 ? ` (did you mean ${listed(close, "or")}?)` : "";
    throw new InputError(`${option} cannot be "${text}": write ${forms}${hint}.`);
  }
  const values = inside.split(",").map((value) => (value.trim() === "" ? Number.NaN : Number(value)));
  const isRight = (name: string, n: number) => Number.isFinite(values[n]) && (name === "mean" || values[n] > 0);
  if (values.length !== names.length || !names.every(isRight)) {
    const positive = listed(
      names.filter((name) => name !== "mean"),
      "and",
    );
    throw new InputError(
      `${option} cannot be "${text}": it is ${kind.toLowerCase()}(${names.join(", ")}) with ${positive} above 0, such as ${exampleOf(kind.toLowerCase(), forms)}.`,
    );
  }
  return requireReasonable(
    { kind: kind.toLowerCase(), ...Object.fromEntries(names.map((name, n) => [name, values[n]])) },
    option,
  );
}

/** What the arguments of a prior may be; all of them but shapes are on the standardised scale, where 1 is usual. */
const bounds = { mean: 1e12, scale: [1e-12, 1e12], shape: [0.01, 1e6] } as const;
const shapes = new Set(["degrees", "shape"]);

/** @throws InputError where a number of a prior is beyond what can be computed with */
export function requireReasonable<Prior extends Distribution>(prior: Prior, option: string): Prior {
  for (const [name, value] of Object.entries(prior)) {
    if (typeof value !== "number") continue;
    const [least, most] =
      name === "mean" ? [-bounds.mean, bounds.mean] : shapes.has(name) ? bounds.shape : bounds.scale;
    if (value >= least && value <= most) continue;
    throw new InputError(
      `${option} cannot have the ${name} ${value}: it takes a number from ${least} to ${most}; put the target or the column on another scale where that is too narrow.`,
    );
  }
  return prior;
}

function exampleOf(kind: string, forms: string): string {
  return forms.split(/, (?=[a-z])| or /).find((form) => form.startsWith(`${kind}(`))!;
}
