import type { RowBlock } from "../../engine/bindings/model-record.ts";
import type { GramRequest } from "../../engine/bindings/pass-record.ts";
import type { BlockStore } from "../../engine/block-store.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import { families } from "../../families/families.ts";
import { overBlocks, withRecord } from "../../models/create-model.ts";
import type { EffectsOfGroups } from "../../models/group-model.ts";
import type { Model, ModelBlocks, NodeCounts } from "../../models/model.ts";
import type { Intensity } from "../block-influences.ts";

/** All of a model that the sums over its rows depend on, in plain data; the prior is in none of them. */
export interface PlainModel {
  readonly family: string;
  readonly numPredictors: number;
  readonly hasReference: boolean;
  readonly dimension: number;
  /** Indices of the auxiliary parameters that are learned. */
  readonly learned: readonly number[];
  readonly fixedTau: readonly [number, number];
  readonly rows: Omit<RowBlock, "address" | "numRows" | "sparse">;
  /** D: m' of each column, where rows are sparse. */
  readonly shift?: readonly number[];
  /** Where effects of groups are integrated out: the groups then are what is summed over and drawn. */
  readonly groups?: EffectsOfGroups & { readonly nodes: NodeCounts };
}

/** θ̂ and the law around it, in plain data. */
export interface PlainAround {
  readonly center: readonly number[];
  readonly factor: readonly number[];
  readonly covariance: readonly number[];
}

/** What parts are asked of their blocks. Where they answer with numbers, these stand in the answer's bytes. */
export type RowQuestion =
  | {
      /** Answered by f64: count, loss, gradient and Gram matrix. */
      readonly kind: "sums";
      readonly model: PlainModel;
      readonly position: readonly number[];
      readonly gram: Exclude<GramRequest["gram"], "given">;
      readonly isDiagonal?: boolean;
      readonly center?: readonly number[];
    }
  /** Answered by f64: how many rows, and Σ q_n. */
  | { readonly kind: "influence"; readonly model: PlainModel; readonly around: PlainAround }
  | {
      /** Answered by f32: rows that were drawn, each of `weightedStride`. */
      readonly kind: "draw";
      readonly model: PlainModel;
      readonly around: PlainAround;
      readonly intensity: Intensity;
      /** Where the draws of each block of each part begin. */
      readonly starts: readonly (readonly number[])[];
    }
  /** Answered by f32: the rows of these numbers within each part. */
  | { readonly kind: "rows"; readonly ofParts: readonly (readonly number[])[] }
  /** Answered by f32: all rows of the groups of these numbers within each part. */
  | { readonly kind: "groups"; readonly ofParts: readonly (readonly number[])[] }
  | {
      /** Answered by f64: what `sumEffects` says of each group's effects, or with a seed `drawEffects`; the inner groups' come first. */
      readonly kind: "effects";
      readonly model: PlainModel;
      readonly positions: readonly number[];
      readonly numPositions: number;
      readonly of:
        | { readonly weights: readonly number[] }
        | { readonly seed: number; readonly streams: readonly number[] };
    }
  /** Answered by f64: how many rows, and how many of them are classified rightly. */
  | { readonly kind: "classified"; readonly model: PlainModel; readonly position: readonly number[] };

/** The groups of a draw: which of the part's, as often as each is drawn, and what was expected of each. */
export interface DrawnGroups {
  /** How many groups were looked at. */
  readonly read: number;
  readonly numbers: readonly number[];
  readonly expected: readonly number[];
}

/** How many numbers an answer of effects has. */
export interface CountsOfEffects {
  readonly inner: number;
  readonly outer: number;
}

export function plainModel({ rows, family, auxiliaries, ...model }: Model): PlainModel {
  const { groups, memory } = model;
  if (groups) {
    const { outer, inner, nodes } = groups;
    return { ...plainModel(groups.rows), groups: { ...(outer && { outer }), inner, nodes } };
  }
  const { numColumns, paddedColumns, stride, sparse, hasOffset, hasWeights } = rows;
  const { numPredictors, hasReference, dimension, fixedTau } = model;
  const learned = auxiliaries.map(({ index }) => index);
  const shape = { numColumns, paddedColumns, stride, hasOffset, hasWeights };
  const shift = sparse && Array.from(memory.f64(sparse.shift, numColumns));
  const plain = { family: family.name, numPredictors, hasReference, dimension, learned, fixedTau, rows: shape };
  return { ...plain, ...(shift && { shift }) };
}

/** The model of rows over a part's blocks, without priors, and without the effects of groups. */
export function modelOfPart(
  memory: EngineMemory,
  { family: name, learned, shift, groups: _, ...plain }: PlainModel,
  store: BlockStore,
): Model & { readonly blocks: ModelBlocks } {
  const family = Object.values(families).find((own) => own.name === name);
  if (!family) throw new TypeError(`There is no family ${name}.`);
  const sparse = shift && { shift: memory.putF64(shift) };
  const model = withRecord({
    ...plain,
    memory,
    family,
    auxiliaries: family.auxiliaries
      .map((own, index) => ({ ...own, index }))
      .filter(({ index }) => learned.includes(index)),
    rows: { ...plain.rows, address: 0, numRows: store.numRows, ...(sparse && { sparse }) },
    priorPrecision: new Float64Array(plain.dimension),
    priorMean: new Float64Array(plain.dimension),
    shapedPriors: [],
  });
  const { sampleRows: numRows } = store;
  return { ...overBlocks(model, store), blocks: { store, sample: { ...model.rows, numRows } } };
}
