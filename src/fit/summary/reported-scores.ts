import { originalScale, type ScaledDesign } from "../../design/columns/standardise.ts";
import { mapDraws } from "../../diagnostics/statistics/rank-normalize.ts";
import type { ScoredNumber } from "../../diagnostics/statistics/score-interval.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { ChainOutput, Scores } from "../../sampling/plan.ts";
import type { ScoredParameter } from "../../theory/scored-parameter.ts";
import type { SummarisedRun } from "./coefficients.ts";
import { type VarianceBlock, varianceBlocks, varianceDraws } from "./variance-blocks.ts";

/** What of the scores along the chains belongs to each reported number. */
export interface ReportedScores {
  /** @param trace its values at every step, on the scale of the data */
  of(index: number, trace: readonly Float64Array[]): Scored;
  /** On the standardised scale, what is not a multiple there of itself on the scale of the data; of other numbers null. */
  standardised(index: number): Standardised | null;
}

interface Scored {
  /** Those that the number depends on. */
  readonly parameters: readonly ScoredParameter[];
  /** Where it is one of them, or its exponential. */
  readonly itself?: ScoredNumber;
}

interface Standardised {
  readonly values: readonly Float64Array[];
  /** Where it is a parameter; left out, it depends on those that it depends on on the scale of the data. */
  readonly parameter?: ScoredParameter;
}

/** Undefined where the chains kept no scores. */
export function reportedScores(
  design: ScaledDesign,
  { local, output }: Pick<SummarisedRun, "local" | "output">,
): ReportedScores | undefined {
  const { scores } = output;
  if (!scores) return undefined;
  const transform = originalScale(design);
  const { numPredictors, auxiliaries } = local.model;
  const size = transform.shift.length;
  const numCoefficients = size * numPredictors;
  const numOthers = numCoefficients + auxiliaries.length;
  const blocks = design.groups ? varianceBlocks(design.groups, transform.targetScale, numOthers) : [];
  const steps = output.steps ?? output.positions;
  const standardisedRow = (row: number) => (design.basis ? rowOf(design.basis.matrix, row) : unit(size, row));
  const alongRow = (index: number, row: Float64Array): ScoredParameter => {
    const first = index - (index % size);
    return {
      values: combine(steps, output.dimension, first, row),
      scores: combine(scores.along, output.dimension, first, row),
      variance: varianceAlong(scores.covariance, first, row),
    };
  };
  const blockOf = (index: number) => blocks.find((block) => isWithin(block, index));
  return {
    of(index, trace) {
      if (index < numCoefficients) {
        const parameter = { ...alongRow(index, rowOf(transform.matrix, index % size)), values: trace };
        return { parameters: [parameter], itself: { parameter, isLogarithm: false } };
      }
      const block = blockOf(index);
      if (block && !isExponential(block, index)) return { parameters: parametersOf(block, steps, output, scores) };
      const parameter = logarithm(index, trace, output, scores);
      return { parameters: [parameter], itself: { parameter, isLogarithm: true } };
    },
    standardised(index) {
      const block = blockOf(index);
      if (block && !isExponential(block, index)) {
        const values = steps.map(
          (chain) => varianceDraws(block, chain, output.dimension, "standardized")[index - block.first],
        );
        return { values };
      }
      if (index >= numCoefficients || !design.columns[index % size].isIntercept) return null;
      const parameter = alongRow(index, standardisedRow(index % size));
      return { values: parameter.values, parameter };
    },
  };
}

const isWithin = ({ first, size }: VarianceBlock, index: number) =>
  index >= first && index < first + (size * (size + 1)) / 2;

/** Whether a number of a block is an sd that no other effect has a part in on the scale of the data: e^τ, τ its own parameter, times a unit. */
function isExponential({ first, size, toOriginal }: VarianceBlock, index: number): boolean {
  const effect = index - first;
  return (
    effect < size &&
    toOriginal.subarray(effect * size, (effect + 1) * size).every((part, j) => (j === effect) === (part !== 0))
  );
}

/** A number e^τ times some unit, by τ itself, to which the scores belong. */
function logarithm(
  index: number,
  trace: readonly Float64Array[],
  { dimension }: ChainOutput,
  scores: Scores,
): ScoredParameter {
  return {
    values: mapDraws(trace, Math.log),
    scores: columnOf(scores.along, dimension, index),
    variance: scores.covariance.data[index * (dimension + 1)],
  };
}

/** All parameters of a block, of which each of its sds and correlations is a function. */
function parametersOf(
  { first, size }: VarianceBlock,
  steps: readonly Float64Array[],
  { dimension }: ChainOutput,
  scores: Scores,
): ScoredParameter[] {
  return Array.from({ length: (size * (size + 1)) / 2 }, (_, k) => ({
    values: columnOf(steps, dimension, first + k),
    scores: columnOf(scores.along, dimension, first + k),
    variance: scores.covariance.data[(first + k) * (dimension + 1)],
  }));
}

function columnOf(chains: readonly Float64Array[], dimension: number, column: number): Float64Array[] {
  return chains.map((chain) =>
    Float64Array.from({ length: chain.length / dimension }, (_, step) => chain[step * dimension + column]),
  );
}

/** A combination of the entries from `first` on, at every step. */
function combine(chains: readonly Float64Array[], dimension: number, first: number, row: Float64Array): Float64Array[] {
  const used = [...row.keys()].filter((j) => row[j] !== 0);
  return chains.map((chain) => {
    const values = new Float64Array(chain.length / dimension);
    for (const j of used)
      for (let step = 0; step < values.length; step++) values[step] += row[j] * chain[step * dimension + first + j];
    return values;
  });
}

function rowOf({ columns, data }: Matrix, row: number): Float64Array {
  return data.slice(row * columns, (row + 1) * columns);
}

function unit(size: number, at: number): Float64Array {
  const row = new Float64Array(size);
  row[at] = 1;
  return row;
}

function varianceAlong({ columns, data }: Matrix, first: number, row: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    if (row[i] === 0) continue;
    for (let j = 0; j < row.length; j++) sum += row[i] * row[j] * data[(first + i) * columns + first + j];
  }
  return sum;
}
