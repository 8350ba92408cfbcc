import {
  maxEffectsOfFactor,
  numVarianceParameters,
  writeGroupEntries,
  writeGroupsRecord,
} from "../engine/bindings/group-record.ts";
import type { BlockStore } from "../engine/block-store.ts";
import { numGroupsOf, rowsOfEach, type SizesOfGroups, startsOfSizes } from "../engine/sizes-of-groups.ts";
import { lkjPriors } from "../priors/partial-correlation.ts";
import type { ShapedPrior } from "../priors/shaped-prior.ts";
import { overBlocks, overRowsInMemory, withRecord, withRows } from "./create-model.ts";
import { type EffectsOfFactor, type Model, type ModelGroups, type NodeCounts, numCoefficients } from "./model.ts";
import { hermiteRule, nodeRule } from "./node-rule.ts";

/** How the rows of a model are grouped. */
export interface Grouping {
  /** The first row of each group of the innermost factor, then N: rows of a group stand side by side. */
  readonly innerStarts: ArrayLike<number>;
  /** The first inner group of each outer group, then their number; left out where there is one factor. */
  readonly outerStarts?: ArrayLike<number>;
  readonly outer?: EffectsOfFactor;
  readonly inner: EffectsOfFactor;
}

const entryWords = 4;

/**
 * A model whose rows are groups: θ = (β, τ, φ), φ the logarithms of the effects' sds and the inverse hyperbolic tangents of their
 * partial correlations, factor after factor and block after block. A group's loss is −log ∫ Π_i p(y_i | x_iᵀβ + o_i + z_iᵀ b) p(b) db,
 * so that everything known of rows holds of groups (SGD's noise, minibatches, influence, control variates).
 * @param flat the model of the rows without effects, whose priors of β and τ it takes over
 */
export function createGroupModel(flat: Model, grouping: Grouping, nodes: NodeCounts): Model {
  const { memory } = flat;
  const { innerStarts, outerStarts, outer, inner } = grouping;
  for (const { columns } of outer ? [outer, inner] : [inner])
    if (columns.length > maxEffectsOfFactor) throw new RangeError(`at most ${maxEffectsOfFactor} effects a factor`);
  const numInner = innerStarts.length - 1;
  const numGroups = outerStarts ? outerStarts.length - 1 : numInner;
  const numParameters = (outer ? numVarianceParameters(outer) : 0) + numVarianceParameters(inner);
  const starts = memory.putU32(innerStarts);
  const bounds = (group: number) =>
    outerStarts ? { first: outerStarts[group], end: outerStarts[group + 1] } : { first: group, end: group + 1 };
  let maxRows = 0;
  let maxInner = 0;
  const address = writeGroupEntries(memory, numGroups, (group) => {
    const { first, end } = bounds(group);
    maxRows = Math.max(maxRows, innerStarts[end] - innerStarts[first]);
    maxInner = Math.max(maxInner, end - first);
    return { first, end, weight: 1 };
  });
  const dimension = flat.dimension + numParameters;
  const rows = {
    address,
    numRows: numGroups,
    numColumns: flat.rows.numColumns,
    // Where a chain keeps θ there is room for all of it.
    paddedColumns: 8 * Math.ceil(dimension / 8),
    stride: entryWords,
    hasOffset: false,
    hasWeights: false,
  };
  const pad = (values: Float64Array) => Float64Array.from({ length: dimension }, (_, j) => values[j] ?? 0);
  const groups = {
    rows: flat,
    innerStarts: starts,
    numInner,
    outer,
    inner,
    numParameters,
    maxRows,
    maxInner,
    numPredictors: flat.numPredictors,
    width: numCoefficients(flat) + (outer ? numVarianceParameters(outer) : 0),
  };
  return withRecord({
    ...flat,
    rows,
    dimension,
    priorPrecision: pad(flat.priorPrecision),
    priorMean: pad(flat.priorMean),
    shapedPriors: [...flat.shapedPriors, ...variancePriors(flat.dimension, outer ? [outer, inner] : [inner])],
    groups: recorded(groups, nodes),
  });
}

/** The same model with other numbers of nodes. */
export function withNodes(model: Model, nodes: NodeCounts): Model {
  const { groups, blocks, aliasTable } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const sampleGroups = blocks?.sampleGroups && recorded(blocks.sampleGroups, nodes);
  return withRecord(
    { ...model, groups: recorded(groups, nodes), ...(sampleGroups && { blocks: { ...blocks, sampleGroups } }) },
    aliasTable,
  );
}

/** The factors' effects: of two that are nested, those of both. */
export type EffectsOfGroups = Pick<Grouping, "outer" | "inner">;

/** How rows are grouped that stand side by side. */
export function groupingOfSizes({ rows, inner: ofEach }: SizesOfGroups, effects: EffectsOfGroups): Grouping {
  return { ...effects, innerStarts: startsOfSizes(rows), ...(ofEach && { outerStarts: startsOfSizes(ofEach) }) };
}

/**
 * The model of groups whose rows are elsewhere in blocks; a sample of the groups is in memory.
 * @param flat the model of the rows, whose address is that of the sample's
 * @param all how many groups there are, and of nested factors how many inner ones
 */
export function createDistantGroupModel(
  flat: Model,
  store: BlockStore,
  all: { readonly numGroups: number; readonly numInner: number; readonly sample: SizesOfGroups },
  effects: EffectsOfGroups,
  nodes: NodeCounts,
): Model {
  const sampled = withRows(flat, { ...flat.rows, numRows: store.sampleRows });
  const sample = createGroupModel(sampled, groupingOfSizes(all.sample, effects), nodes);
  const { groups, rows } = sample;
  if (!groups) throw new TypeError("The model has no groups.");
  return {
    ...sample,
    // Nothing may read groups at an address where there are none.
    rows: { ...rows, address: Number.NaN, numRows: all.numGroups },
    groups: { ...groups, rows: overBlocks(flat, store), numInner: all.numInner },
    blocks: { store, sample: rows, sampleGroups: groups },
  };
}

/** Groups of rows that stand in memory one after the other. */
export interface GroupsInMemory {
  /** Of the first row, and the floats from one row to the next. */
  readonly address: number;
  readonly stride: number;
  readonly sizes: SizesOfGroups;
  /** The entries, where these are others than each group once: which group each is of, and its weight. */
  readonly entries?: { readonly groups: ArrayLike<number>; readonly weights: ArrayLike<number> };
  /** How many groups they stand for. */
  readonly wholeRows?: number;
}

/** The same model over groups in memory, be they some of its own or some that stand for all. */
export function overGroupsInMemory(
  model: Model,
  { address, stride, sizes, entries, wholeRows }: GroupsInMemory,
): Model {
  const { groups, memory } = model;
  if (!groups) throw new TypeError("The model has no groups.");
  const starts = startsOfSizes(sizes.rows);
  const innerOf = sizes.inner && startsOfSizes(sizes.inner);
  const flat = overRowsInMemory(groups.rows, {
    ...groups.rows.rows,
    ...{ address, stride, numRows: starts[sizes.rows.length] },
  });
  const numRows = entries?.groups.length ?? numGroupsOf(sizes);
  const first = writeGroupEntries(memory, numRows, (k) => {
    const group = entries?.groups[k] ?? k;
    return {
      first: innerOf?.[group] ?? group,
      end: innerOf?.[group + 1] ?? group + 1,
      weight: entries?.weights[k] ?? 1,
    };
  });
  const own = {
    ...groups,
    rows: flat,
    innerStarts: memory.putU32(starts),
    numInner: sizes.rows.length,
    maxRows: largestOf(rowsOfEach(sizes)),
    maxInner: largestOf(sizes.inner ?? [1]),
  };
  const rows = { ...model.rows, address: first, numRows, ...(wholeRows !== undefined && { wholeRows }) };
  return overRowsInMemory(model, rows, recorded(own, groups.nodes));
}

const largestOf = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);

/** The groups with so many nodes a dimension, as a record in memory. */
function recorded(groups: Omit<ModelGroups, "address" | "nodes">, nodes: NodeCounts): ModelGroups {
  const { rows, innerStarts, maxRows, maxInner, outer, inner } = groups;
  const address = writeGroupsRecord(rows.memory, {
    rows: rows.address,
    innerStarts,
    maxRows,
    maxInner,
    ...(outer && { outer: { ...outer, rule: hermiteRule(nodes.outer, outer.columns.length) } }),
    inner: { ...inner, rule: nodeRule(nodes.inner, inner.columns.length) },
  });
  return { ...groups, address, nodes };
}

function variancePriors(first: number, factors: readonly EffectsOfFactor[]): ShapedPrior[] {
  const priors: ShapedPrior[] = [];
  let index = first;
  for (const { blocks, sdPriors, correlationShapes } of factors) {
    let effect = 0;
    blocks.forEach((size, block) => {
      for (let k = 0; k < size; k++) priors.push({ index: index++, scalePrior: sdPriors[effect++] });
      for (const correlationPrior of lkjPriors(size, correlationShapes[block]))
        priors.push({ index: index++, correlationPrior });
    });
  }
  return priors;
}

/** The model whose rows are rows of data: that of a model of groups without its effects, or the model itself. */
export function dataRowsOf(model: Model): Model {
  return model.groups?.rows ?? model;
}

/** Where in θ the variance parameters begin. */
export function firstVarianceParameter(model: Model): number {
  return numCoefficients(model) + model.auxiliaries.length;
}
