// A network of 784–16–10 trained in TensorFlow.js on 5,000 digits; then its last layer's 170 weights sampled.
import * as tf from "@tensorflow/tfjs";
// Registers the backend "wasm", many times faster in Node than "cpu".
import "@tensorflow/tfjs-backend-wasm";
import { customModel, sampleModel } from "ornstein";
import { fromTfjs } from "ornstein/tfjs";
import { averageOverDraws, printCalibration, readDigits } from "./mnist.ts";

const [numRows, units] = [5000, 16];
const train = readDigits("train", numRows);
const test = readDigits("t10k", 10_000);
await tf.setBackend("wasm");

const labels = tf.oneHot(tf.tensor1d(train.labels, "int32"), 10);
const images = tf.tensor2d(train.pixels, [numRows, 784]);
const hidden = {
  weights: tf.variable(tf.randomNormal<tf.Rank.R2>([784, units], 0, 0.05, "float32", 1)),
  bias: tf.variable(tf.zeros<tf.Rank.R1>([units])),
};
const last = {
  weights: tf.variable(tf.randomNormal<tf.Rank.R2>([units, 10], 0, 0.2, "float32", 2)),
  bias: tf.variable(tf.zeros<tf.Rank.R1>([10])),
};
const features = (pixels: tf.Tensor2D) =>
  tf.relu(tf.add(tf.matMul(pixels, hidden.weights), hidden.bias)) as tf.Tensor2D;

// For long, without weight decay or early stopping: the network is then too sure of itself.
const adam = tf.train.adam(0.01);
for (let step = 0; step < 300; step++)
  adam.minimize(() => {
    const scores = tf.add(tf.matMul(features(images), last.weights), last.bias);
    return tf.losses.softmaxCrossEntropy(labels, scores) as tf.Scalar;
  });

// The hidden layer stays as it is: what remains is a softmax regression on its features.
const adapter = fromTfjs({
  parameters: last,
  data: {
    features: { values: features(images).dataSync() as Float32Array, shape: [numRows, units] },
    label: { values: train.labels, shape: [numRows] },
  },
  loss({ weights, bias }, batch) {
    const scores = tf.add(tf.matMul(batch.features as tf.Tensor2D, weights), bias);
    const chosen = tf.mul(tf.oneHot(batch.label as tf.Tensor1D, 10), tf.logSoftmax(scores));
    return tf.neg(tf.mean(tf.sum(chosen, 1))) as tf.Scalar;
  },
});
const model = customModel({ ...adapter, prior: { mean: 0, sd: 0.07 } });
const posterior = await sampleModel(model, { batchSize: 500, draws: 250, seed: 1 });

const testFeatures = features(tf.tensor2d(test.pixels, [10_000, 784]));
const probabilitiesAt = (position: ArrayLike<number>) =>
  tf.tidy(() => {
    const { weights, bias } = adapter.unflatten(position);
    return tf.softmax(tf.add(tf.matMul(testFeatures, weights), bias)).dataSync();
  });

const { settings, certificate, timing } = posterior;
console.log(`${settings.because}; certificate ${certificate.verdict}; ${timing.total.toFixed(0)} s`);
for (const { message } of certificate.checks) console.log(message);
printCalibration("trained weights", probabilitiesAt(adapter.start!), test.labels);
printCalibration("posterior mode", probabilitiesAt(posterior.mode), test.labels);
const average = averageOverDraws(posterior.positions, { dimension: model.dimension, every: 10 }, probabilitiesAt);
printCalibration("posterior predictive", average, test.labels);
