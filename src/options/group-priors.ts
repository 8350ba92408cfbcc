import { InputError } from "../errors.ts";
import { type Prior, type ScalePrior, scaleDensities } from "../priors/densities.ts";
import type { NormalPrior } from "../priors/normal.ts";
import { readScalePrior } from "../priors/scale-prior.ts";

/** A prior by a name in an option: of a coefficient, or of groups' sds and correlations. */
export type NamedPrior = string | Prior | NormalPrior | ScalePrior;

/** The priors of groups' effects that were given, by `sd`, `sd(g)`, `sd(g)[x]`, and by `cor`, `cor(g)`; blanks count for nothing. */
export interface GroupPriors {
  readonly sds: ReadonlyMap<string, ScalePrior>;
  /** η of LKJ(η). */
  readonly correlations: ReadonlyMap<string, number>;
}

const ofSd = /^sd(\(.+\)(\[.+\])?)?$/s;
const ofCorrelation = /^cor(\(.+\))?$/s;
const lkj = /^\s*lkj\s*\(([^()]*)\)\s*$/i;
/** What η may be. */
const shapes = { min: 0.01, max: 1e6 };

/** Names are the same whatever blanks are written in them. */
export const bareName = (name: string): string => name.replace(/\s+/g, "");

/** Whether a prior is of groups' effects, not of coefficients: a column may be called sd or cor, but has another law. */
export function isOfGroups(name: string, value: NamedPrior): boolean {
  const bare = bareName(name);
  if (ofSd.test(bare)) return bare !== "sd" || isScaleLaw(value);
  return ofCorrelation.test(bare) && (bare !== "cor" || isLkj(value));
}

function isScaleLaw(value: NamedPrior): boolean {
  const kind =
    typeof value === "string" ? value.trim().split("(")[0].trim().toLowerCase() : "kind" in value && value.kind;
  return scaleDensities.some((law) => law.kind === kind);
}

const isLkj = (value: NamedPrior) => typeof value === "string" && lkj.test(value);

/** @throws InputError where a prior cannot be read, or is given twice */
export function readGroupPriors(entries: readonly (readonly [name: string, value: NamedPrior])[]): GroupPriors {
  const sds = new Map<string, ScalePrior>();
  const correlations = new Map<string, number>();
  for (const [name, value] of entries) {
    const bare = bareName(name);
    const option = `The prior of "${name}"`;
    if (sds.has(bare) || correlations.has(bare))
      throw new InputError(`Two priors are given for "${name}": give one, and others with a name before a colon.`);
    if (ofSd.test(bare)) sds.set(bare, readScalePrior(value as string | ScalePrior, option));
    else correlations.set(bare, readShape(value, option));
  }
  return { sds, correlations };
}

function readShape(value: NamedPrior, option: string): number {
  const [, inside = ""] = (typeof value === "string" && lkj.exec(value)) || [];
  const shape = inside.trim() === "" ? Number.NaN : Number(inside);
  if (shape >= shapes.min && shape <= shapes.max) return shape;
  const written = typeof value === "string" ? value : JSON.stringify(value);
  throw new InputError(
    `${option} cannot be "${written}": correlations take lkj(shape) with a shape from ${shapes.min} to ${shapes.max}, such as lkj(1), under which all correlation matrices are alike, or lkj(2), which favours small correlations.`,
  );
}
