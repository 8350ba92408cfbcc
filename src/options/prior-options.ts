import type { CoefficientPriors } from "../design/column-priors.ts";
import { InputError } from "../errors.ts";
import type { Prior } from "../priors/densities.ts";
import { defaultInterceptPrior, defaultPrior, isPriorLike, type PriorLike, readPrior } from "../priors/prior.ts";
import { isScalePriorLike } from "../priors/scale-prior.ts";
import { type GroupPriors, isOfGroups, type NamedPrior, readGroupPriors } from "./group-priors.ts";

/** Priors for all coefficients, and others for those of some terms or columns. */
export interface PriorsByName {
  /** `normal(0, 2.5)` where left out. */
  readonly default?: PriorLike;
  /**
   * By the name of a term of the formula, such as `log(x)`, or of one column, such as `weekday[Tuesday]`. Of group terms: `sd`,
   * `sd(g)` or `sd(g)[x]` with the prior of a positive parameter, and `cor` or `cor(g)` with `lkj(shape)`.
   */
  readonly terms?: Readonly<Record<string, NamedPrior>>;
}

/**
 * `"normal(0, 1)"`, `"learned"`, a Prior, or `{ mean, sd }` for all coefficients; a list such as
 * `["normal(0, 1)", "log(x): laplace(0, 0.5)"]`; or the same by name.
 */
export type PriorOption = PriorLike | readonly string[] | PriorsByName;

/** Whether a value has one of these forms; the texts in it are read later. */
export function isPriorOption(value: unknown): value is PriorOption {
  if (isPriorLike(value)) return true;
  if (Array.isArray(value)) return value.every((entry) => typeof entry === "string");
  if (typeof value !== "object" || value === null) return false;
  const { default: general, terms, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length > 0) return false;
  return (general === undefined || isPriorLike(general)) && (terms === undefined || arePriors(terms));
}

function arePriors(terms: unknown): boolean {
  if (typeof terms !== "object" || terms === null || Array.isArray(terms)) return false;
  return Object.values(terms).every((value) => isPriorLike(value) || isScalePriorLike(value));
}

/** What the options say of the coefficients' priors: "learned", or which they are; and those of groups' sds and correlations. */
export interface ResolvedPriors {
  readonly learnPrior: boolean;
  readonly priors: CoefficientPriors;
  readonly groupPriors: GroupPriors;
}

/** @throws InputError where a prior cannot be read, or is given twice, or is learned for some coefficients only */
export function resolvePriors(prior: PriorOption | undefined, intercept: PriorLike | undefined): ResolvedPriors {
  const { entries: all, isLearned } = listEntries(prior);
  const ofGroups = (entry: Entry): entry is [string, NamedPrior] =>
    entry[0] !== undefined && isOfGroups(...(entry as [string, NamedPrior]));
  const entries = all.filter((entry) => !ofGroups(entry));
  const named = new Map<string, Prior>();
  let general: Prior | undefined;
  for (const [name, value] of entries) {
    const read = readPrior(value as PriorLike, name === undefined ? "prior" : `The prior of "${name}"`);
    if (name === undefined ? general : named.has(name)) {
      const whose = name === undefined ? "all coefficients" : `"${name}"`;
      throw new InputError(`Two priors are given for ${whose}: give one, and others with a name before a colon.`);
    }
    if (name === undefined) general = read;
    else named.set(name, read);
  }
  if (intercept !== undefined && isLearnedWord(intercept))
    throw new InputError("The option interceptPrior cannot be learned: give a prior such as normal(0, 10).");
  return {
    learnPrior: isLearned,
    priors: {
      default: general ?? defaultPrior,
      intercept: intercept === undefined ? defaultInterceptPrior : readPrior(intercept, "interceptPrior"),
      named,
    },
    groupPriors: readGroupPriors(all.filter(ofGroups)),
  };
}

type Entry = readonly [name: string | undefined, value: NamedPrior];

function listEntries(option: PriorOption | undefined): { entries: readonly Entry[]; isLearned: boolean } {
  const all = option === undefined ? [] : asEntries(option);
  const learned = all.filter(([, value]) => isLearnedWord(value));
  if (learned.length === 0) return { entries: all, isLearned: false };
  if (all.length > 1 || learned[0][0] !== undefined) {
    throw new InputError(
      'The prior is learned for all coefficients or for none (every term of several columns has its own precision then): give "learned" alone, or a prior for each.',
    );
  }
  return { entries: [], isLearned: true };
}

function asEntries(option: PriorOption): readonly Entry[] {
  if (typeof option === "string") return [splitEntry(option)];
  if (isList(option)) return option.map(splitEntry);
  if ("mean" in option) return [[undefined, option]];
  const { default: general, terms = {} } = option;
  const named = Object.entries(terms).map((entry): Entry => entry);
  return general === undefined ? named : [[undefined, general], ...named];
}

const isList = (option: PriorOption): option is readonly string[] => Array.isArray(option);
const isLearnedWord = (value: NamedPrior) => typeof value === "string" && value.trim() === "learned";

/** `name: prior` in two. Names may hold colons themselves, as `x:weekday` does, and priors hold none. */
function splitEntry(text: string): Entry {
  const at = text.lastIndexOf(":");
  return at < 0 ? [undefined, text.trim()] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
