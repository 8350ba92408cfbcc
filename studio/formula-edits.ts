/** The formula of that target: with the terms that there are, or all other columns. */
export function withTarget(formula: string, name: string): string {
  const [, terms] = formula.split("~");
  return `${name} ~ ${terms?.trim() || "."}`;
}

/** The formula with one more term. */
export function withTerm(formula: string, term: string): string {
  const [target, terms] = formula.split("~").map((part) => part.trim());
  if (terms === undefined) return target === "" ? `~ ${term}` : `${target} ~ ${term}`;
  return `${target} ~ ${terms === "" || terms === "." ? term : `${terms} + ${term}`}`;
}
