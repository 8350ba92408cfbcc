/** How two averages are compared. */
export type ComparisonKind = "difference" | "ratio" | "odds-ratio";

/** What is computed of averages of predictions, at each draw. */
export interface Computed {
  /** Of the averages at its places. */
  readonly of: (averages: ArrayLike<number>) => number;
  /** The value that says that there is no effect. */
  readonly none?: 0 | 1;
}

const odds = (probability: number) => probability / (1 - probability);

/** Of the averages of what is compared, and of what it is compared with. */
export const comparisonOfTwo: Readonly<Record<ComparisonKind, Computed>> = {
  difference: { of: (own) => own[0] - own[1], none: 0 },
  ratio: { of: (own) => own[0] / own[1], none: 1 },
  "odds-ratio": { of: (own) => odds(own[0]) / odds(own[1]), none: 1 },
};

/** Σ w_k of the averages. */
export function comparisonOfForm(weights: readonly number[]): Computed {
  return { of: (own) => weights.reduce((sum, weight, k) => sum + weight * own[k], 0), none: 0 };
}

/** (high − low)/h */
export const slopeOver = (width: number): Computed => ({ of: (own) => (own[0] - own[1]) / width, none: 0 });

export const itself: Computed = { of: (own) => own[0] };

/** The label of a comparison of two, as marginaleffects writes it. */
export function labelOf(
  kind: ComparisonKind,
  { label, pair }: { readonly label: string; readonly pair?: readonly [string, string] },
): string {
  if (!pair || kind === "difference") return label;
  return kind === "ratio" ? pair.join(" / ") : pair.map((level) => `odds(${level})`).join(" / ");
}
