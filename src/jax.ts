/**
 * Custom models whose loss is written in jax-js: `customModel(fromJax({ … }))`.
 * @module ornstein/jax
 */

import { type JsTree, jit, numpy as np, tree, valueAndGrad, vmap } from "@jax-js/jax";
import { flatParameters } from "./adapters/flat-parameters.ts";
import { countRows, gatherRows, type RowArrays } from "./adapters/row-batches.ts";
import { refuse, requireFunction, requireObject } from "./kinds.ts";
import type { CustomModelOptions } from "./models/custom-model.ts";

/** Arrays by name, one for each array of the data, all with the same rows. */
export type JaxBatch = Record<string, np.Array>;

/** A model whose loss is written in jax-js. */
export interface JaxModel<Parameters extends JsTree<np.Array>> {
  /** Nested arrays: the starting point. They remain yours. */
  readonly parameters: Parameters;
  /** Arrays by name, the rows first. */
  readonly data: RowArrays;
  /**
   * The mean over the batch's rows of −log p(y_n | parameters), a scalar; without the prior. It owns its arguments, as
   * functions of jax-js do: use `.ref` for what is used twice.
   */
  loss(parameters: Parameters, batch: JaxBatch): np.Array;
}

/** Options for `customModel`, and the map from θ back to the parameters. */
export type JaxAdapter<Parameters> = Pick<
  CustomModelOptions,
  "dimension" | "numRows" | "names" | "start" | "lossAndGradient" | "rowGradients"
> & {
  /** The parameters at θ; the caller owns them. */
  unflatten(position: ArrayLike<number>): Parameters;
};

/**
 * Gradients by `jit(valueAndGrad(loss))`, and of single rows by `vmap`, in single precision on the default device of jax-js
 * (`await init("wasm"); defaultDevice("wasm")` in Node). Each batch size is compiled when it first occurs.
 * @throws InputError if a part of the model is missing or of the wrong kind, or the data do not fit together
 * @example
 * import { defaultDevice, init, numpy as np } from "@jax-js/jax";
 * import { customModel, sampleModel } from "ornstein";
 * import { fromJax } from "ornstein/jax";
 *
 * await init("wasm");
 * defaultDevice("wasm");
 * // y_n ~ N(mu, 1)
 * const adapter = fromJax({
 *   parameters: { mu: np.array([0]) },
 *   data: { y: { values: Float32Array.of(1, 3, 2, 4), shape: [4] } },
 *   loss: ({ mu }, { y }) => np.square(y.sub(mu)).mean().mul(0.5),
 * });
 * const { coefficients } = await sampleModel(customModel(adapter), { sampler: "laplace", draws: 4000 });
 * console.log(coefficients[0].name, coefficients[0].mean.toFixed(1), coefficients[0].sd.toFixed(1)); // mu 2.5 0.5
 */
export function fromJax<Parameters extends JsTree<np.Array>>(model: JaxModel<Parameters>): JaxAdapter<Parameters> {
  requireObject(model, "The model", "{ parameters, data, loss }");
  requireFunction(model.loss, "The option loss", "a function of parameters and a batch");
  const numRows = countRows(model.data);
  const names = pathsOf(model.parameters as JsTree<np.Array>);
  const [leaves, structure] = tree.flatten(model.parameters as JsTree<np.Array>);
  const flat = flatParameters(leaves.map(({ shape }, k) => ({ name: names[k], shape })));
  const start = flat.join(leaves.map((leaf) => leaf.ref.dataSync() as ArrayLike<number>));
  const unflatten = (position: ArrayLike<number>) =>
    tree.unflatten(
      structure,
      flat.split(position).map((values, k) => np.array(values, { shape: [...flat.shapes[k]] })),
    ) as Parameters;
  const batchOf = (rows: Uint32Array): JaxBatch =>
    Object.fromEntries(
      gatherRows(model.data, rows).map(({ name, values, shape }) => [name, np.array(values, { shape: [...shape] })]),
    );

  type Tree = JsTree<np.Array>;
  const evaluate = jit(valueAndGrad(model.loss as (parameters: Tree, batch: JaxBatch) => np.Array) as Transformed);
  const gradientOfRow = (parameters: Tree, row: JaxBatch) => {
    const batch = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, np.expandDims(value, 0)]));
    const [value, gradient] = (
      valueAndGrad(model.loss as (parameters: Tree, batch: JaxBatch) => np.Array) as Transformed
    )(parameters, batch);
    value.dispose();
    return gradient;
  };
  const evaluateRows = jit(vmap(gradientOfRow as Transformed, [null, 0]) as Transformed);

  return {
    dimension: flat.dimension,
    numRows,
    names: flat.names,
    start,
    unflatten,
    async lossAndGradient(position, rows) {
      const [value, gradient] = evaluate(unflatten(position), batchOf(rows));
      const parts = await readLeaves(gradient);
      const [mean] = await value.data();
      return { loss: mean, gradient: flat.join(parts) };
    },
    async rowGradients(position, rows) {
      const gradients = evaluateRows(unflatten(position), batchOf(rows));
      return interleave(await readLeaves(gradients), rows.length, flat.dimension);
    },
  };
}

// The types of jax-js's transformations do not support trees of unknown shape.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Transformed = (...trees: any[]) => any;

/** The numbers in the arrays of a tree; the tree is consumed. */
function readLeaves(arrays: JsTree<np.Array>): Promise<ArrayLike<number>[]> {
  return Promise.all(tree.leaves(arrays).map((leaf) => leaf.data() as Promise<ArrayLike<number>>));
}

/** Rows × M from one array of rows × size for each parameter array. */
function interleave(parts: readonly ArrayLike<number>[], numRows: number, dimension: number): Float64Array {
  const all = new Float64Array(numRows * dimension);
  let offset = 0;
  for (const part of parts) {
    const size = part.length / numRows;
    for (let n = 0; n < numRows; n++)
      for (let j = 0; j < size; j++) all[n * dimension + offset + j] = part[n * size + j];
    offset += size;
  }
  return all;
}

/**
 * `layers.0.weights` for each array, in the order of the leaves: keys are sorted, as jax-js sorts them.
 * @throws InputError if a leaf is not an array of jax-js
 */
function pathsOf(value: JsTree<np.Array>, path = ""): string[] {
  if (value instanceof np.Array) return [path || "theta"];
  if (!Array.isArray(value) && (value ?? 0).constructor !== Object)
    refuse(value, path === "" ? "The option parameters" : `The parameter ${path}`, "arrays of jax-js (np.array)");
  const below = (key: string) => (path ? `${path}.${key}` : key);
  if (Array.isArray(value)) return value.flatMap((item, k) => pathsOf(item, below(String(k))));
  const record = value as Record<string, JsTree<np.Array>>;
  return Object.keys(record).flatMap((key) => pathsOf(record[key], below(key)));
}
