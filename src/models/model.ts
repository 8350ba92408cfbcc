import type { Levels } from "../design/columns/level-basis.ts";
import { type CurvatureKind, curvatureKind } from "../design/curvature-kind.ts";
import type { Design } from "../design/design-types.ts";
import type { GroupSizes } from "../engine/bindings/group-record.ts";
import type { RowBlock } from "../engine/bindings/model-record.ts";
import type { BlockStore } from "../engine/block-store.ts";
import type { EngineMemory } from "../engine/memory.ts";
import type { Auxiliary } from "../families/auxiliaries.ts";
import type { Family } from "../families/family.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { ScalePrior } from "../priors/densities.ts";
import type { ShapedPrior } from "../priors/shaped-prior.ts";
import type { CustomFunctions } from "./custom-functions.ts";

export type { RowBlock };

/** The rows of a design, which are at `address`; of one in blocks, the sample is. */
export function rowBlockOf(design: Design, address: number): RowBlock {
  const { numRows, paddedColumns, stride, hasOffset, hasWeights, columns, sparse } = design;
  const shared = { numRows, numColumns: columns.length, paddedColumns, stride, hasOffset, hasWeights };
  if (!sparse) return { address, ...shared };
  return { address: address + sparse.startsAt, ...shared, sparse: { shift: address } };
}

/**
 * A likelihood and a prior over rows in memory: θ = (β, τ), with τ the logarithms of those auxiliary parameters of the
 * family that are not fixed. For the categorical family β is a vector of D coefficients for each linear predictor, one
 * after the
 * other. The loss of the whole data is Σ_n w_n f(x_nᵀβ + o_n, τ; y_n) − log prior(θ), where w_n is a row's weight and o_n
 * its offset.
 */
export interface Model {
  readonly memory: EngineMemory;
  /** Address of the model's record in memory. */
  readonly address: number;
  readonly rows: RowBlock;
  readonly family: Family;
  /** Linear predictors a row: 1, and for the categorical family one for every class that has parameters. */
  readonly numPredictors: number;
  /** Whether the categorical family's class 0 has η = 0 and no parameters. */
  readonly hasReference: boolean;
  /** M: D for each linear predictor, and one more for each auxiliary parameter that is learned. */
  readonly dimension: number;
  /** The family's auxiliary parameters that are learned, in their order at the end of θ. */
  readonly auxiliaries: readonly LearnedAuxiliary[];
  /** τ of the auxiliary parameters that are fixed; 0 elsewhere. */
  readonly fixedTau: readonly [number, number];
  /** M: precisions of the normal priors; 0 if a prior is not normal. */
  readonly priorPrecision: Float64Array;
  /** M: means of the normal priors. */
  readonly priorMean: Float64Array;
  /** Up to so many parameters matrices of all pairs are held, where that is not the usual limit. */
  readonly maxDenseParameters?: number;
  /** Address of the table by which rows are drawn with unequal probabilities; uniformly where left out. */
  readonly aliasTable?: number;
  /** Where the rows are in blocks on disk: none of them are at the rows' address. */
  readonly blocks?: ModelBlocks;
  /** A custom model's functions, which stand in for rows and family. */
  readonly custom?: CustomFunctions;
  /** Where rows are groups of rows, whose effects are integrated out: V more parameters end θ. */
  readonly groups?: ModelGroups;
  /** Where each row stands for several that agree in everything, as its weight says: N, and how many each is. */
  readonly cells?: { readonly rows: number; readonly counts: Float64Array };
  /** Whether rows weigh as many trials as they have, and no more: their noise then is their curvature as it stands. */
  readonly areTrials?: boolean;
  /** Whether the rows have effects of crossed factors, of which the model says nothing (src/crossed). */
  readonly hasCrossedFactors?: true;
  /** Of a design with indicators: what makes coefficients that each move one level's rows alone. */
  readonly levels?: Levels;
  /** The priors that are not normal. */
  readonly shapedPriors: readonly ShapedPrior[];
  /** What other rows, which are not here, and the prior say of θ; where it is given there are no other priors. */
  readonly carried?: CarriedLaw;
}

/** −log p(θ) = ½ (θ − c)ᵀ Λ (θ − c), of rows that are no more. */
export interface CarriedLaw {
  /** c, M */
  readonly center: Float64Array;
  /** Λ, M×M */
  readonly precision: Matrix;
  /** Σ w² ∇f ∇fᵀ − (Σ w ∇f)(Σ w ∇f)ᵀ/N of those rows, and what it would be if they varied as the model says; M×M. */
  readonly noise: Matrix;
  readonly expectedNoise: Matrix;
}

/** Rows in blocks on disk. */
export interface ModelBlocks {
  readonly store: BlockStore;
  /** A uniform sample of them without replacement, in the order of the rows, in memory. */
  readonly sample: RowBlock;
  /** Where the model's rows are groups: those of the sample. */
  readonly sampleGroups?: ModelGroups;
}

/** The effects b ~ N(0, Σ) that each level of a grouping factor has, Σ = diag(τ) R diag(τ). */
export interface EffectsOfFactor {
  /** Of each effect the column of the rows that it multiplies; −1 for the number 1. At most `maxEffectsOfFactor`. */
  readonly columns: readonly number[];
  /** Effects that correlate stand side by side: the sizes of these blocks. */
  readonly blocks: readonly number[];
  /** One for each effect's sd. */
  readonly sdPriors: readonly ScalePrior[];
  /** η of the LKJ law of each block's correlations. */
  readonly correlationShapes: readonly number[];
}

/** What a model of groups has beside the model of its rows. */
export interface ModelGroups extends GroupSizes {
  /** Address of the kernels' record. */
  readonly address: number;
  /** The model of the rows without their groups' effects: the same β and family. */
  readonly rows: Model;
  readonly innerStarts: number;
  readonly numInner: number;
  readonly outer?: EffectsOfFactor;
  readonly inner: EffectsOfFactor;
  /** V: variance parameters at the end of θ, those of the outer factor first. */
  readonly numParameters: number;
  /** K: nodes a dimension of the outer and of the inner effects. */
  readonly nodes: NodeCounts;
}

export interface NodeCounts {
  readonly outer: number;
  readonly inner: number;
}

interface LearnedAuxiliary extends Auxiliary {
  /** Its index in τ. */
  readonly index: number;
}

/** Whether the likelihood is quadratic in θ, so that the residuals of second-order control variates are 0. */
export function hasQuadraticLikelihood({ family, auxiliaries, groups }: Model): boolean {
  return family.name === "gaussian" && auxiliaries.length === 0 && !groups;
}

/** Whether the loss as a whole is quadratic. */
export function isQuadratic(model: Model): boolean {
  return hasQuadraticLikelihood(model) && model.shapedPriors.length === 0;
}

/** How much of the curvature is held for the model. */
export function curvatureOf({ dimension, maxDenseParameters }: Model): CurvatureKind {
  return curvatureKind(dimension, maxDenseParameters);
}

/** Whether all coefficients have normal priors of their own. */
export function hasNormalPriors({ shapedPriors, carried }: Model): boolean {
  return carried === undefined && shapedPriors.every(({ prior }) => prior === undefined);
}

/** How many entries of θ are coefficients; the auxiliary parameters' follow them. */
export function numCoefficients({ rows, numPredictors }: Pick<Model, "rows" | "numPredictors">): number {
  return rows.numColumns * numPredictors;
}

/** τ₀ and τ₁ at θ, where they are parameters or fixed. */
export function tauAt(
  { auxiliaries, fixedTau, rows, numPredictors }: Model,
  position: ArrayLike<number>,
): [number, number] {
  const tau: [number, number] = [...fixedTau];
  auxiliaries.forEach(({ index }, k) => {
    tau[index] = position[rows.numColumns * numPredictors + k];
  });
  return tau;
}

/** N: how many rows the data have, where some stand for several too. */
export function numObservations({ rows, cells }: Pick<Model, "rows" | "cells">): number {
  return cells?.rows ?? rows.numRows;
}
