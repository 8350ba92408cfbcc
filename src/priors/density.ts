/** The shapes of priors that are not normal, as the kernels tell them apart. */
export type ShapedPriorKind =
  | "student-t"
  | "laplace"
  | "gamma"
  | "half-student-t"
  | "half-normal"
  | "partial-correlation";

/** A prior: the kind of its law, and the numbers of that law by name. */
export interface KindOfPrior {
  readonly kind: string;
}

/** The value of a function and its first two derivatives. */
export interface Derivatives {
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
}

/**
 * One law that a prior can have: `normal.ts` and its neighbours, a law a file. `densities.ts` lists them; parsing, checks of
 * what a caller gives, help and documentation are derived from that list.
 */
export interface Density<Prior extends KindOfPrior> {
  readonly kind: Prior["kind"];
  /** The names of its numbers in the order in which they are written: `laplace(mean, scale)`. All but `mean` are above 0. */
  readonly parameters: readonly (Exclude<keyof Prior, "kind"> & string)[];
  /** As it is written in sentences and in the help. */
  readonly example: string;
  /** −log density up to terms of y alone, for the documentation. */
  readonly equation: string;
  /** When to choose it, for the documentation. */
  readonly use: string;
  /** Another way to write it, put into the usual one. */
  respelled?(text: string): string;
  /**
   * −log p up to a constant, and its derivatives. Of a coefficient x; of a positive parameter s in x = log s, where the
   * density of x is p(e^x) e^x.
   */
  at(prior: Prior, x: number): Derivatives;
  /** Where the density has a kink at its mean. */
  readonly kink?: Kink<Prior>;
  /** The numbers a, b, c of the kernels' record (kernels/chains/prior.ts). Left out for a normal prior, whose slope is linear there. */
  readonly kernel?: KernelForm<Prior>;
}

interface Kink<Prior> {
  /** The prior's own sd. */
  sd(prior: Prior): number;
  /** E[−log p(x + spread z)] over z ~ N(0, 1), which has a curvature at the mean too, and its derivatives in x. */
  averagedAt(prior: Prior, x: number, spread: number): Derivatives;
}

interface KernelForm<Prior> {
  readonly kind: ShapedPriorKind;
  numbersOf(prior: Prior): readonly [a: number, b: number, c: number];
  /** The prior of these numbers. Left out where another law of the same kind has it. */
  priorOf?(a: number, b: number, c: number): Prior;
}

/** A law with its type inferred. */
export const density = <Prior extends KindOfPrior>(parts: Density<Prior>): Density<Prior> => parts;
