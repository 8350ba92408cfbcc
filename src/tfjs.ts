/**
 * Custom models whose loss is written in TensorFlow.js: `customModel(fromTfjs({ … }))`.
 * @module ornstein/tfjs
 */

import * as tf from "@tensorflow/tfjs-core";
import { flatParameters } from "./adapters/flat-parameters.ts";
import { countRows, gatherRows, type RowArrays } from "./adapters/row-batches.ts";
import { refuse, requireFunction, requireObject } from "./kinds.ts";
import type { CustomModelOptions } from "./models/custom-model.ts";

/** Tensors by name. */
export type Tensors = Record<string, tf.Tensor>;

/** A model whose loss is written in TensorFlow.js. */
export interface TfjsModel<Parameters extends Tensors> {
  /** Tensors by name: the starting point. They remain yours. */
  readonly parameters: Parameters;
  /** Arrays by name, the rows first. */
  readonly data: RowArrays;
  /** The mean over the batch's rows of −log p(y_n | parameters), a scalar; without the prior. */
  loss(parameters: Parameters, batch: Tensors): tf.Scalar;
}

/** Options for `customModel`, and the map from θ back to the parameters. */
export type TfjsAdapter<Parameters extends Tensors> = Pick<
  CustomModelOptions,
  "dimension" | "numRows" | "names" | "start" | "lossAndGradient"
> & {
  /** The parameters at θ; the caller disposes of them. */
  unflatten(position: ArrayLike<number>): Parameters;
};

/**
 * Gradients by `tf.valueAndGrads`, in single precision on the backend that is set; every tensor created on the way is
 * disposed of.
 * @throws InputError if a part of the model is missing or of the wrong kind, or the data do not fit together
 * @example
 * import "@tensorflow/tfjs";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { customModel, sampleModel } from "ornstein";
 * import { fromTfjs } from "ornstein/tfjs";
 *
 * // y_n ~ N(mu, 1)
 * const adapter = fromTfjs({
 *   parameters: { mu: tf.tensor([0]) },
 *   data: { y: { values: Float32Array.of(1, 3, 2, 4), shape: [4] } },
 *   loss: ({ mu }, { y }) => tf.mul(tf.mean(tf.square(tf.sub(y, mu))), 0.5),
 * });
 * const { coefficients } = await sampleModel(customModel(adapter), { sampler: "laplace", draws: 4000 });
 * console.log(coefficients[0].name, coefficients[0].mean.toFixed(1), coefficients[0].sd.toFixed(1)); // mu 2.5 0.5
 */
export function fromTfjs<Parameters extends Tensors>(model: TfjsModel<Parameters>): TfjsAdapter<Parameters> {
  requireObject(model, "The model", "{ parameters, data, loss }");
  requireObject(model.parameters, "The option parameters", "tensors by name");
  requireFunction(model.loss, "The option loss", "a function of parameters and a batch");
  const numRows = countRows(model.data);
  const names = Object.keys(model.parameters);
  for (const name of names)
    if (typeof model.parameters[name]?.dataSync !== "function")
      refuse(model.parameters[name], `The parameter ${name}`, "a tensor of TensorFlow.js");
  const flat = flatParameters(names.map((name) => ({ name, shape: model.parameters[name].shape })));
  const start = flat.join(names.map((name) => model.parameters[name].dataSync()));
  const tensorsAt = (position: ArrayLike<number>) =>
    flat.split(position).map((values, k) => tf.tensor(values, [...flat.shapes[k]], "float32"));
  const named = (tensors: readonly tf.Tensor[]) =>
    Object.fromEntries(names.map((name, k) => [name, tensors[k]])) as Parameters;

  return {
    dimension: flat.dimension,
    numRows,
    names: flat.names,
    start,
    unflatten: (position) => named(tensorsAt(position)),
    async lossAndGradient(position, rows) {
      const { value, gradients } = tf.tidy(() => {
        const batch = Object.fromEntries(
          gatherRows(model.data, rows).map(({ name, values, shape }) => [name, tf.tensor(values, [...shape])]),
        );
        const evaluate = tf.valueAndGrads((...tensors) => model.loss(named(tensors), batch));
        const { value, grads } = evaluate(tensorsAt(position));
        return { value, gradients: grads };
      });
      try {
        const parts = await Promise.all(gradients.map((gradient) => gradient.data()));
        return { loss: (await value.data())[0], gradient: flat.join(parts) };
      } finally {
        tf.dispose([value, ...gradients]);
      }
    },
  };
}
