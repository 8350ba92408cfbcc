// A network of 784–32–10 trained in TensorFlow.js on 500 digits; then its last layer's 330 weights sampled. Takes minutes.
import * as tf from "@tensorflow/tfjs";
import { customModel, sampleModel } from "ornstein";
import { fromTfjs } from "ornstein/tfjs";
import { averageOverDraws, printCalibration, readDigits } from "./mnist.ts";

const numRows = 500;
const train = readDigits("train", numRows);
const test = readDigits("t10k", 10_000);
await tf.setBackend("cpu");

const labels = tf.oneHot(tf.tensor1d(train.labels, "int32"), 10);
const images = tf.tensor2d(train.pixels, [numRows, 784]);
const hidden = {
  weights: tf.variable(tf.randomNormal<tf.Rank.R2>([784, 32], 0, 0.05, "float32", 1)),
  bias: tf.variable(tf.zeros<tf.Rank.R1>([32])),
};
const last = {
  weights: tf.variable(tf.randomNormal<tf.Rank.R2>([32, 10], 0, 0.2, "float32", 2)),
  bias: tf.variable(tf.zeros<tf.Rank.R1>([10])),
};
const features = (pixels: tf.Tensor2D) =>
  tf.relu(tf.add(tf.matMul(pixels, hidden.weights), hidden.bias)) as tf.Tensor2D;

const adam = tf.train.adam(0.01);
for (let step = 0; step < 60; step++)
  adam.minimize(() => {
    const scores = tf.add(tf.matMul(features(images), last.weights), last.bias);
    return tf.losses.softmaxCrossEntropy(labels, scores) as tf.Scalar;
  });

// The hidden layer stays as it is: what remains is a softmax regression on its 32 features.
const adapter = fromTfjs({
  parameters: last,
  data: {
    features: { values: features(images).dataSync() as Float32Array, shape: [numRows, 32] },
    label: { values: train.labels, shape: [numRows] },
  },
  loss({ weights, bias }, batch) {
    const scores = tf.add(tf.matMul(batch.features as tf.Tensor2D, weights), bias);
    const chosen = tf.mul(tf.oneHot(batch.label as tf.Tensor1D, 10), tf.logSoftmax(scores));
    return tf.neg(tf.mean(tf.sum(chosen, 1))) as tf.Scalar;
  },
});
const model = customModel({ ...adapter, prior: { mean: 0, sd: 1 } });
const posterior = await sampleModel(model, { preconditioner: "full-exact", draws: 25, tolerance: 0.2, seed: 1 });

const testFeatures = features(tf.tensor2d(test.pixels, [10_000, 784]));
const probabilitiesAt = (position: ArrayLike<number>) =>
  tf.tidy(() => {
    const { weights, bias } = adapter.unflatten(position);
    return tf.softmax(tf.add(tf.matMul(testFeatures, weights), bias)).dataSync();
  });

const { settings, certificate, timing } = posterior;
console.log(`${settings.sampler}: certificate ${certificate.verdict}; ${timing.total.toFixed(0)} s`);
printCalibration("trained weights", probabilitiesAt(adapter.start!), test.labels);
printCalibration("posterior mode", probabilitiesAt(posterior.mode), test.labels);
const average = averageOverDraws(posterior.positions, { dimension: model.dimension, every: 1 }, probabilitiesAt);
printCalibration("posterior predictive", average, test.labels);
