import { defaultDevice, init, nn, numpy as np } from "@jax-js/jax";
// Registers gradients and the cpu backend with tfjs-core.
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { sampleModel } from "../fit/sample-model.ts";
import { fromJax } from "../jax.ts";
import type { CustomModelOptions } from "../models/custom-model.ts";
import { customModel } from "../models/custom-model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { fromTfjs } from "../tfjs.ts";
import { gatherRows } from "./row-batches.ts";

// One softmax regression of three classes on two columns, in both libraries and by hand.
const numRows = 400;
const random = createRandom(51, 0, 9);
const x = Float32Array.from({ length: 2 * numRows }, () => random.normal());
const y = Int32Array.from({ length: numRows }, (_, n) =>
  x[2 * n] + 0.8 * random.normal() > 0.3 ? 2 : x[2 * n + 1] + random.normal() > 0 ? 1 : 0,
);
const weights = Float32Array.of(0.1, -0.2, 0.3, 0.2, 0.1, -0.4);
const bias = Float32Array.of(0.05, 0, -0.05);
const data = { x: { values: x, shape: [numRows, 2] }, y: { values: y, shape: [numRows] } };

/** θ = (bias, weights): the order of the parameters' names. */
function byHand(position: ArrayLike<number>, rows: ArrayLike<number>) {
  let loss = 0;
  const gradient = new Float64Array(9);
  for (let k = 0; k < rows.length; k++) {
    const n = rows[k];
    const eta = [0, 1, 2].map((c) => position[c] + x[2 * n] * position[3 + c] + x[2 * n + 1] * position[6 + c]);
    const total = eta.reduce((sum, value) => sum + Math.exp(value), 0);
    loss += (Math.log(total) - eta[y[n]]) / rows.length;
    for (let c = 0; c < 3; c++) {
      const slope = (Math.exp(eta[c]) / total - Number(c === y[n])) / rows.length;
      gradient[c] += slope;
      gradient[3 + c] += slope * x[2 * n];
      gradient[6 + c] += slope * x[2 * n + 1];
    }
  }
  return { loss, gradient };
}

const jaxModel = () =>
  fromJax({
    parameters: { bias: np.array(bias), weights: np.array(weights, { shape: [2, 3] }) },
    data,
    loss({ bias, weights }, batch) {
      const scores = np.dot(batch.x, weights).add(bias);
      const chosen = nn.oneHot(batch.y, 3).mul(nn.logSoftmax(scores));
      return chosen.sum(1).mean().neg();
    },
  });

const tfjsModel = () =>
  fromTfjs({
    parameters: { bias: tf.tensor(bias), weights: tf.tensor(weights, [2, 3]) },
    data,
    loss({ bias, weights }, batch) {
      const scores = tf.add(tf.matMul(batch.x as tf.Tensor2D, weights as tf.Tensor2D), bias);
      const chosen = tf.mul(tf.oneHot(tf.cast(batch.y, "int32") as tf.Tensor1D, 3), tf.logSoftmax(scores));
      return tf.neg(tf.mean(tf.sum(chosen, 1))) as tf.Scalar;
    },
  });

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
  await tf.setBackend("cpu");
});

describe.each([
  ["jax-js", jaxModel],
  ["TensorFlow.js", tfjsModel],
])("%s", (_, create) => {
  it("gives loss and gradient of batches of any size, in single precision", async () => {
    const model = create();
    expect([model.dimension, model.numRows]).toEqual([9, numRows]);
    expect(model.names!.slice(0, 4)).toEqual(["bias[1]", "bias[2]", "bias[3]", "weights[1]"]);
    expect(Array.from(model.start!)).toEqual([...bias, ...weights]);
    const position = Float64Array.from(model.start!, (value, j) => value + 0.1 * j);
    for (const rows of [[7], [3, 3, 5], Array.from({ length: 250 }, (_, k) => (7 * k) % numRows)]) {
      const actual = await model.lossAndGradient(position, Uint32Array.from(rows));
      const expected = byHand(position, rows);
      expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(2e-6);
      expected.gradient.forEach((value, j) => {
        expect(Math.abs(actual.gradient[j] - value)).toBeLessThan(2e-6);
      });
    }
  });

  it("passes the check of the gradient and is sampled", async () => {
    const posterior = await sampleModel(customModel({ ...create(), prior: { mean: 0, sd: 2 } }), {
      ...{ sampler: "laplace", draws: 200 },
    });
    const model = customModel({
      ...{ dimension: 9, numRows, prior: { mean: 0, sd: 2 } },
      lossAndGradient: (position, rows) => byHand(position, rows),
    } satisfies CustomModelOptions);
    const exact = await sampleModel(model, { sampler: "laplace", draws: 200 });
    posterior.coefficients.forEach(({ standardized }, j) => {
      const { laplaceMean, laplaceSd } = exact.coefficients[j].standardized;
      expect(Math.abs(standardized.laplaceMean - laplaceMean) / laplaceSd).toBeLessThan(0.02);
      expect(Math.abs(standardized.laplaceSd / laplaceSd - 1)).toBeLessThan(0.01);
    });
  });
});

it("jax-js: gradients of single rows have the batch's as their mean", async () => {
  const model = jaxModel();
  const rows = Uint32Array.of(1, 5, 9, 200);
  const position = Float64Array.from(model.start!);
  const all = await model.rowGradients!(position, rows);
  rows.forEach((row, k) => {
    byHand(position, [row]).gradient.forEach((value, j) => {
      expect(Math.abs(all[k * 9 + j] - value)).toBeLessThan(2e-6);
    });
  });
});

it("TensorFlow.js: no tensor is left behind", async () => {
  const model = tfjsModel();
  const before = tf.memory().numTensors;
  for (let k = 0; k < 5; k++) await model.lossAndGradient(Float64Array.from(model.start!), Uint32Array.of(k, 3));
  expect(tf.memory().numTensors).toBe(before);
  const parameters = model.unflatten(model.start!);
  expect([...parameters.weights.dataSync()]).toEqual([...weights]);
  tf.dispose(parameters);
  expect(tf.memory().numTensors).toBe(before);
});

describe("rows", () => {
  it("are copied in the order in which they are named", () => {
    const [gathered] = gatherRows(
      { x: { values: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] } },
      Uint32Array.of(2, 0),
    );
    expect([...gathered.values]).toEqual([5, 6, 1, 2]);
    expect(gathered.shape).toEqual([2, 2]);
  });

  it.each([
    [{}, /data are empty/],
    [
      { x: { values: new Float32Array(5), shape: [3, 2] } },
      /"x" have 5 values, and their shape \[3, 2\] has room for 6/,
    ],
    [
      { x: { values: new Float32Array(6), shape: [3, 2] }, y: { values: new Float32Array(2), shape: [2] } },
      /"x" has 3 and "y" has 2/,
    ],
  ])("that do not fit together are refused", (arrays, message) => {
    expect(() => fromTfjs({ parameters: { a: tf.scalar(1) }, data: arrays, loss: () => tf.scalar(0) })).toThrow(
      message,
    );
  });
});
