import { existsSync } from "node:fs";
import { join } from "node:path";
import { learnHyperparameters, type TraceEntry } from "../../src/empirical-bayes/variational-em.ts";
import { InputError } from "../../src/errors.ts";
import { findModeFromNoise, meanLoss } from "../../src/estimation/mode/mode-from-noise.ts";
import { createModel, withHyperparameters, withRows } from "../../src/models/create-model.ts";
import type { Model } from "../../src/models/model.ts";
import { defaultInterceptPrior } from "../../src/priors/prior.ts";
import { type ClassificationRows, readCovertype, readMnist } from "../data/classification-rows.ts";
import type { PartContext } from "../part.ts";

/** One MAP fit of the grid. */
interface GridPoint {
  /** λ, the prior precision of every coefficient but the intercepts. */
  readonly precision: number;
  /** Mean of −log p(y | x, θ) over the validation rows. */
  readonly validationLoss: number;
  readonly trainingLoss: number;
  readonly passes: number;
  readonly converged: boolean;
}

/** λ as variational EM learned it, and the MAP fit under it. */
interface LearnedPoint {
  readonly precision: number;
  /** Monte Carlo error of log λ. */
  readonly error: number;
  readonly converged: boolean;
  readonly validationLoss: number;
  /** By how much it exceeds the smallest loss of the grid, relatively. */
  readonly aboveBest: number;
  readonly trace: readonly TraceEntry[];
  readonly seconds: number;
}

export interface Figure6Panel {
  readonly dataSet: string;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly parameters: number;
  /** In increasing order of λ. */
  readonly grid: readonly GridPoint[];
  readonly learned: LearnedPoint;
  /** λ learned with the scalar rate of Theorem 1 in the E-step, if that was asked for. */
  readonly learnedByScalarRate?: LearnedPoint;
  readonly seconds: number;
}

/** The data sets, λ's grid and where the search for λ starts. */
const panels = [
  { read: readMnist, grid: [0.3, 1, 2, 4, 8, 16, 32, 100, 300], start: 1, scalar: true },
  { read: readCovertype, grid: [0.001, 0.01, 0.1, 1, 3, 10, 30, 100, 1000], start: 1, scalar: false },
] as const;

/**
 * Figure 6 of Mandt, Hoffman & Blei (2017): validation loss of MAP fits of softmax regression over a grid of prior
 * precisions λ, and the λ that variational EM learns from the training rows alone (section 7.3). All K classes have
 * coefficients (symmetric coding), as in the paper; intercepts keep the prior normal(0, 10).
 * @throws InputError if a file is missing
 */
export async function figure6(
  context: Pick<PartContext, "dataFolder" | "engine" | "workspace" | "enter" | "seed">,
): Promise<readonly Figure6Panel[]> {
  const results: Figure6Panel[] = [];
  for (const { read, grid, start, scalar } of panels) {
    const mark = context.engine.memory.mark();
    try {
      results.push(
        await panel(context, await read(requireFile(context.dataFolder), context.engine), grid, start, scalar),
      );
    } finally {
      context.engine.memory.release(mark);
    }
  }
  return results;
}

function requireFile(dataFolder: string): (file: string) => string {
  return (file) => {
    const path = join(dataFolder, file);
    if (!existsSync(path))
      throw new InputError(
        `figure-6 needs "${path}", which is absent: put the file there, or leave the part out by --only.`,
      );
    return path;
  };
}

async function panel(
  { engine, workspace, enter, seed }: Pick<PartContext, "engine" | "workspace" | "enter" | "seed">,
  { name, training, validation, classes, interceptColumn }: ClassificationRows,
  precisions: readonly number[],
  start: number,
  scalar: boolean,
): Promise<Figure6Panel> {
  const started = performance.now();
  const base = createModel(engine.memory, training, {
    family: "categorical",
    classes: { count: classes, coding: "symmetric" },
    priors: Array.from({ length: training.numColumns }, (_, j) =>
      j === interceptColumn ? defaultInterceptPrior : { kind: "normal" as const, mean: 0, sd: start ** -0.5 },
    ),
  });
  const parameters = Array.from({ length: base.dimension }, (_, j) => j).filter(
    (j) => j % training.numColumns !== interceptColumn,
  );
  const under = (precision: number) => {
    const priorPrecision = Float64Array.from(base.priorPrecision);
    for (const j of parameters) priorPrecision[j] = precision;
    return withHyperparameters(base, { priorPrecision });
  };
  const lossAt = async (model: Model, from: Float64Array | undefined) => {
    const { position, passes, converged } = await findModeFromNoise(workspace, model, { start: from, tolerance: 1e-4 });
    const held = withRows(model, validation);
    const validationLoss = await meanLoss(workspace, held, position);
    const trainingLoss = await meanLoss(workspace, model, position);
    return { position, point: { validationLoss, trainingLoss, passes, converged } };
  };

  const grid: GridPoint[] = [];
  const modes: Float64Array[] = [];
  // From strong priors, whose modes are found soon, to weak ones, each from the mode before.
  for (const precision of precisions.toSorted((a, b) => b - a)) {
    enter(`${name}: MAP fit, prior precision ${precision}`);
    const { position, point } = await lossAt(under(precision), modes.at(-1));
    modes.push(position);
    grid.push({ precision, ...point });
  }
  const best = Math.min(...grid.map(({ validationLoss }) => validationLoss));

  const learn = async (curvature: "bounded" | "scalar" | undefined): Promise<LearnedPoint> => {
    enter(`${name}: variational EM${curvature === "scalar" ? " with the scalar rate" : ""}`);
    const began = performance.now();
    const groups = [{ name: "coefficients", parameters }];
    const options = { groups, curvature, seed, tolerance: 0.02, maxSegments: 120 };
    const { groups: learned, trace, converged, model } = await learnHyperparameters(workspace, base, options);
    const seconds = (performance.now() - began) / 1000;
    const [{ precision, error }] = learned;
    const nearest = grid.reduce(
      (found, point, k) =>
        Math.abs(Math.log(point.precision / precision)) < Math.abs(Math.log(grid[found].precision / precision))
          ? k
          : found,
      0,
    );
    const { point } = await lossAt(model, modes[nearest]);
    const { validationLoss } = point;
    return { precision, error, converged, validationLoss, aboveBest: validationLoss / best - 1, trace, seconds };
  };
  const learned = await learn("bounded");
  const learnedByScalarRate = scalar ? await learn("scalar") : undefined;
  return {
    dataSet: name,
    trainingRows: training.numRows,
    validationRows: validation.numRows,
    parameters: base.dimension,
    grid: grid.toReversed(),
    learned,
    ...(learnedByScalarRate && { learnedByScalarRate }),
    seconds: (performance.now() - started) / 1000,
  };
}
