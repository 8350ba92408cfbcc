import { InputError } from "../errors.ts";
import { drawsOf, type NamedDraws, type PredictiveFit, parameterNames } from "../prediction/predictive-fit.ts";
import { added, type LinearForm, LinearParser, tokensOf, type Wording } from "./linear-form.ts";

/** A statement on parameters: that a linear form of them is above 0, below 0, or 0. */
interface Hypothesis {
  readonly text: string;
  /** Left side less right side. */
  readonly difference: LinearForm;
  readonly relation: ">" | "<" | "=";
}

const wording: Wording = {
  what: "The hypothesis",
  unknown: "no coefficient of the fit",
  known: "the coefficients are",
  areNumbersNames: false,
};
const relations: Readonly<Record<string, Hypothesis["relation"]>> = {
  ">": ">",
  ">=": ">",
  "<": "<",
  "<=": "<",
  "=": "=",
  "==": "=",
};

/**
 * Reads `x1 > x2`, `x1 - 2*x2 = 0` or `city[Rome] < 3`. Without a relation the form is compared with 0.
 * @throws InputError where a name is unknown, or the form is not linear
 */
export function parseHypothesis(text: string, names: readonly string[]): Hypothesis {
  const parser = new LinearParser(text, tokensOf(text, names, wording), wording);
  const left = parser.sum();
  const sign = parser.take(...Object.keys(relations));
  const difference = sign ? added(left, parser.sum(), -1) : left;
  parser.end();
  if ([...difference.terms.values()].every((own) => own === 0))
    throw new InputError(
      `The hypothesis "${text}" says nothing of a coefficient: both sides are the same, or numbers.`,
    );
  const numbers = [difference.constant, ...difference.terms.values()];
  if (!numbers.every(Number.isFinite))
    throw new InputError(`The hypothesis "${text}" divides by 0, or by a number beyond the arithmetic.`);
  return { text, difference, relation: relations[sign ?? "="] };
}

/** Draws of a hypothesis' left side less its right side, one array a chain. */
export interface HypothesisDraws {
  readonly text: string;
  readonly relation: Hypothesis["relation"];
  readonly draws: readonly Float64Array[];
}

/** @throws InputError as `parseHypothesis`, or where the fit has no draws of a parameter */
export function hypothesisDraws(fit: PredictiveFit, texts: readonly string[]): HypothesisDraws[] {
  const names = parameterNames(fit.recipe);
  return texts.map((text) => {
    const { difference, relation } = parseHypothesis(text, names);
    return { text, relation, draws: drawsOfForm(fit, difference) };
  });
}

function drawsOfForm(fit: { readonly draws: NamedDraws }, { terms, constant }: LinearForm): Float64Array[] {
  const parts = [...terms].map(([name, by]) => ({ by, chains: drawsOf(fit, name) }));
  return parts[0].chains.map((chain, c) =>
    chain.map((_, s) => parts.reduce((sum, { by, chains }) => sum + by * chains[c][s], constant)),
  );
}
