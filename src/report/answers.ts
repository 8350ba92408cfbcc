import { families, isCountFamily } from "../families/families.ts";
import type { Posterior } from "../fit/posterior.ts";
import { code, type Html, html } from "./html.ts";
import { rounded } from "./numbers.ts";
import { type PlainChange, plainChanges } from "./plain-changes.ts";

/** Sentences on the largest effects. */
const mostSentences = 8;

/** The answer in sentences: what a change of one column goes with, of those coefficients that tell it alone, largest first. */
export function answers(fit: Posterior): Html {
  const changes = plainChanges(fit.recipe, fit.references ?? {});
  const classes = classesOf(fit);
  const all = classes
    .flatMap(({ about, first }) => changes.map((change) => ({ change, about, index: first + change.column })))
    .map((own) => ({ ...own, size: Math.abs(fit.coefficients[own.index].standardized.mean) }))
    .sort((a, b) => b.size - a.size);
  const told = all.slice(0, mostSentences);
  const untold = changes.length < fit.recipe.columns.length - Number(fit.recipe.hasIntercept);
  return html`${introOf(fit, told.length, all.length)}
${
  told.length > 0
    ? html`<ul class="answers">
${told.map(
  ({ change, about, index }) => html`<li>${sentence(fit, change, index, about)}</li>
`,
)}</ul>`
    : undefined
}
${
  untold
    ? html`<p class="aside">Columns of interactions, polynomials and functions of the same column change together, so that none of their coefficients
tells an effect alone; <code>ornstein effects</code> averages over rows what they do together.</p>`
    : undefined
}
`;
}

function introOf({ groups }: Posterior, told: number, all: number): Html {
  const which =
    told < all
      ? html` These are the ${told} largest of ${all} effects, by what one sd of their column changes.`
      : undefined;
  const within = groups?.length ? ", within a group" : "";
  return told === 0
    ? html`<p>No coefficient tells an effect by itself; the tables have them all.</p>`
    : html`<p>What a change of one column goes with, the other columns of the formula held where they are${within}; not what it causes.${which} Intervals
hold 94% of the posterior.</p>`;
}

/** What the coefficients of a linear predictor are about, and where they begin. */
function classesOf({ recipe, data }: Posterior): { readonly about: Html; readonly first: number }[] {
  const { target, columns, hasReference, family } = recipe;
  if (target.kind === "classes") {
    if (!hasReference) return [];
    return target.levels.slice(1).map((level, k) => ({
      about: html`the odds of ${code(level)} against ${code(target.levels[0])}`,
      first: k * columns.length,
    }));
  }
  const about =
    target.kind === "binary"
      ? html`the odds of ${code(target.event ?? data.target)}`
      : target.kind === "trials"
        ? html`the odds that a trial of ${code(target.name)} succeeds`
        : isCountFamily(family)
          ? html`the expected ${code(target.name)}`
          : code(target.name);
  return [{ about, first: 0 }];
}

function sentence(
  { coefficients, draws, family }: Posterior,
  { words, factor }: PlainChange,
  index: number,
  about: Html,
): Html {
  const { name, mean, "hdi_3%": low, "hdi_97%": high } = coefficients[index];
  const isRatio = families[family as keyof typeof families].target !== "numbers";
  const of = (value: number) => (isRatio ? Math.exp(factor * value) : factor * value);
  const spread = (of(high) - of(low)) / 4;
  const text = (value: number) => rounded(value, spread);
  const interval = html`(94% interval ${text(of(low))} to ${text(of(high))})`;
  const isOpen = low <= 0 && high >= 0;
  if (isOpen) {
    const above = shareAbove(draws.get(name));
    const them = isRatio
      ? html`multiplies ${about} by ${text(of(mean))}`
      : html`goes with ${about} ${mean < 0 ? "lower" : "higher"} by ${text(Math.abs(of(mean)))}`;
    const chance =
      above === undefined
        ? undefined
        : html`, with a probability of ${above.toFixed(2)} that it is ${isRatio ? "above 1" : "above 0"}`;
    return html`${words}: the data leave the direction open. It ${them} ${interval}${chance}.`;
  }
  if (isRatio) return html`${words} multiplies ${about} by <strong>${text(of(mean))}</strong> ${interval}.`;
  const way = mean < 0 ? "lower" : "higher";
  const size = html`<strong>${text(Math.abs(of(mean)))}</strong>`;
  const ends = [Math.abs(of(low)), Math.abs(of(high))].sort((a, b) => a - b);
  return html`${words} goes with ${about} ${way} by ${size} (94% interval ${text(ends[0])} to ${text(ends[1])}).`;
}

function shareAbove(chains: readonly Float64Array[] | undefined): number | undefined {
  if (!chains) return undefined;
  let [above, all] = [0, 0];
  for (const chain of chains)
    for (const value of chain) {
      above += Number(value > 0);
      all++;
    }
  return above / all;
}
