import { priorsOfColumns } from "../../src/design/column-priors.ts";
import { designFromArrays } from "../../src/design/design.ts";
import type { Design } from "../../src/design/design-types.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { estimate } from "../../src/estimation/estimate.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import type { FamilyName } from "../../src/families/families.ts";
import { type ClassCoding, createModel, type ModelOptions } from "../../src/models/create-model.ts";
import { createGroupModel } from "../../src/models/group-model.ts";
import { type Model, rowBlockOf } from "../../src/models/model.ts";
import { defaultCorrelationShape, defaultSdPrior } from "../../src/priors/effects-law.ts";
import { defaultInterceptPrior, type PriorLike, readPrior } from "../../src/priors/prior.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";

/** A small problem for the conformance suite. */
export interface Target {
  readonly name: string;
  readonly x: readonly Float64Array[];
  readonly y: Float64Array;
  readonly family: FamilyName;
  /** Of the categorical family; "reference" where left out. */
  readonly coding?: ClassCoding;
  readonly auxiliaries?: ModelOptions["auxiliaries"];
  readonly prior: PriorLike;
  readonly offset?: Float64Array;
  readonly weights?: Float64Array;
  readonly trials?: Float64Array;
  /** Left out: for all families but the gaussian. */
  readonly intercept?: boolean;
  readonly standardize?: "none";
  readonly storage?: "sparse";
  /** Rows side by side in groups of so many, with an intercept that varies by group; the groups are what samplers draw from. */
  readonly groupSize?: number;
}

function features(
  numRows: number,
  numColumns: number,
  seed: number,
): { x: Float64Array[]; random: ReturnType<typeof createRandom> } {
  const random = createRandom(seed, 0, 9);
  const x = Array.from({ length: numRows }, () => {
    const shared = random.normal();
    return Float64Array.from({ length: numColumns }, (_, j) => random.normal() + 0.7 * shared * (j % 2));
  });
  return { x, random };
}

/** Linear model with fixed noise scale: the loss is exactly quadratic. The residuals are skewed, so a sign error shows. */
export function quadraticTarget(): Target {
  const { x, random } = features(2000, 5, 11);
  const y = Float64Array.from(x, (row) => 0.5 * row[0] - row[1] + 0.2 * row[4] - Math.log(random.uniform()) - 1);
  return { name: "quadratic", x, y, family: "gaussian", auxiliaries: { sigma: 1 }, prior: { mean: 0.3, sd: 1 } };
}

/** Logistic regression with few positives: a skewed posterior, far from symmetric under θ → −θ. */
export function skewedTarget(): Target {
  const { x, random } = features(300, 1, 12);
  const y = Float64Array.from(x, (row) => (random.uniform() < 1 / (1 + Math.exp(2.7 - row[0])) ? 1 : 0));
  return { name: "skewed", x, y, family: "bernoulli", prior: { mean: 0, sd: 2.5 } };
}

/** Twelve rows that one column separates perfectly: the prior alone bounds the coefficient. */
export function separatedTarget(): Target {
  const x = Array.from({ length: 12 }, (_, n) => Float64Array.of(n - 5.5));
  const y = Float64Array.from(x, ([value]) => (value > 0 ? 1 : 0));
  return { name: "separated", x, y, family: "bernoulli", prior: { mean: 0, sd: 10 } };
}

/** Three classes, unequally frequent, and enough rows that the posterior is nearly normal. */
export function categoricalTarget(coding: ClassCoding = "reference"): Target {
  const { x, random } = features(3000, 2, 13);
  const y = Float64Array.from(x, ([a, b]) => {
    const weights = [1, Math.exp(0.7 * a + 0.4), Math.exp(0.5 * b - 0.6 * a)];
    const u = random.uniform() * (weights[0] + weights[1] + weights[2]);
    return u < weights[0] ? 0 : u < weights[0] + weights[1] ? 1 : 2;
  });
  return { name: `categorical, ${coding}`, x, y, family: "categorical", coding, prior: { mean: 0.2, sd: 1 } };
}

/** Gaussian rows with σ known, in groups so many and so far apart that the posterior of their intercepts' sd is nearly normal. */
export function groupsTarget(): Target {
  const { x, random } = features(1800, 2, 15);
  let effect = 0;
  const y = Float64Array.from(x, ([a, b], n) => {
    if (n % 3 === 0) effect = 2.5 * random.normal();
    return 0.5 * a - 0.3 * b + effect + random.normal();
  });
  return {
    name: "groups",
    x,
    y,
    groupSize: 3,
    family: "gaussian",
    auxiliaries: { sigma: 1 },
    prior: { mean: 0, sd: 1 },
  };
}

/** Three classes, and two levels of which one has the last class only, the other that of reference only. */
export function emptyCellsTarget(): Target {
  const { x: normals, random } = features(600, 1, 14);
  const x = normals.map(([value], n) => Float64Array.of(value, Number(n < 10), Number(n >= 10 && n < 20)));
  const y = Float64Array.from(x, ([value, last, first]) => {
    if (last === 1) return 2;
    return first === 1 || random.uniform() < 0.4 ? 0 : 1 + Number(random.uniform() < 1 / (1 + Math.exp(-value)));
  });
  return { name: "empty cells", x, y, family: "categorical", prior: { mean: 0, sd: 2.5 } };
}

function grouped(flat: Model, size: number): Model {
  const innerStarts = Array.from({ length: flat.rows.numRows / size + 1 }, (_, group) => group * size);
  const inner = {
    columns: [-1],
    blocks: [1],
    sdPriors: [defaultSdPrior],
    correlationShapes: [defaultCorrelationShape],
  };
  return createGroupModel(flat, { innerStarts, inner }, { outer: 1, inner: 3 });
}

export async function problemOf(
  engine: Engine,
  target: Target,
): Promise<{ local: DenseApproximation; design: Design; rows: () => Float32Array }> {
  let address = 0;
  const memory = {
    allocateRows(numRows: number, stride: number) {
      address = engine.memory.allocate(numRows * stride * 4, 64);
      return engine.memory.f32(address, numRows * stride);
    },
  };
  const { x, y, family, auxiliaries, offset, weights, trials, standardize, storage, coding = "reference" } = target;
  const design = await designFromArrays(
    { x, y, offset, weights, trials, intercept: target.intercept ?? family !== "gaussian" },
    { family, standardize, storage, memory },
  );
  const { columns } = design;
  const rows = rowBlockOf(design, address);
  const priors = priorsOfColumns(columns, {
    default: readPrior(target.prior, "prior"),
    intercept: defaultInterceptPrior,
  });
  const { levels, kind } = design.target;
  const classes = kind === "classes" ? { count: levels!.length, coding } : undefined;
  const flat = createModel(engine.memory, rows, { family, priors, auxiliaries, classes });
  const model = target.groupSize ? grouped(flat, target.groupSize) : flat;
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const local = await estimate(workspace, model, 1);
  // A view is made anew each time: growing the memory detaches the old ones.
  return { local, design, rows: () => engine.memory.f32(address, design.numRows * design.stride) };
}
