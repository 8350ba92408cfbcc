// A network of 49–12–10 in jax-js on 500 digits of 7 × 7 pixels, trained far too long; then all its 730 weights sampled.
import { defaultDevice, init, nn, numpy as np } from "@jax-js/jax";
import { customModel, sampleModel } from "ornstein";
import { fromJax } from "ornstein/jax";
import { averageOverDraws, printCalibration, readDigits } from "./mnist.ts";

await init("wasm");
defaultDevice("wasm");

const [numRows, numTest, pixels, units] = [500, 10_000, 49, 12];
const train = readDigits("train", numRows, 4);
const test = readDigits("t10k", numTest, 4);

/** Where training begins: anything that differs from unit to unit. */
const scattered = (rows: number, columns: number) =>
  np.array(
    Float32Array.from({ length: rows * columns }, (_, k) => 0.4 * Math.sin(12.9898 * k + 78.233 * k * k)),
    { shape: [rows, columns] },
  );
type Layer = { weights: np.Array; bias: np.Array };
type Network = { hidden: Layer; last: Layer };
const scores = ({ hidden, last }: Network, images: np.Array) =>
  np.dot(np.tanh(np.dot(images, hidden.weights).add(hidden.bias)), last.weights).add(last.bias);

const adapter = fromJax<Network>({
  parameters: {
    hidden: { weights: scattered(pixels, units), bias: np.zeros([units]) },
    last: { weights: scattered(units, 10), bias: np.zeros([10]) },
  },
  data: {
    image: { values: train.pixels, shape: [numRows, pixels] },
    label: { values: train.labels, shape: [numRows] },
  },
  loss(network, { image, label }) {
    const logProbabilities = nn.logSoftmax(scores(network, image));
    return nn.oneHot(label, 10).mul(logProbabilities).sum(1).mean().neg();
  },
});

// Adam (Kingma & Ba 2015) over all rows, without a prior.
const trained = Float64Array.from(adapter.start!);
const [mean, square] = [new Float64Array(trained.length), new Float64Array(trained.length)];
const everyRow = Uint32Array.from({ length: numRows }, (_, n) => n);
for (let step = 1; step <= 500; step++) {
  const { gradient } = await adapter.lossAndGradient(trained, everyRow);
  for (let j = 0; j < trained.length; j++) {
    mean[j] += 0.1 * (gradient[j] - mean[j]);
    square[j] += 0.001 * (gradient[j] ** 2 - square[j]);
    trained[j] -= (0.02 * (mean[j] / (1 - 0.9 ** step))) / (Math.sqrt(square[j] / (1 - 0.999 ** step)) + 1e-8);
  }
}

const model = customModel({ ...adapter, start: trained, prior: { mean: 0, sd: 1 } });
const posterior = await sampleModel(model, { preconditioner: "full-exact", draws: 100, tolerance: 0.2, seed: 1 });

const probabilitiesAt = (position: ArrayLike<number>) => {
  const images = np.array(test.pixels, { shape: [numTest, pixels] });
  return nn.softmax(scores(adapter.unflatten(position), images)).dataSync() as Float32Array;
};

const { settings, certificate, timing } = posterior;
console.log(`${settings.sampler}: certificate ${certificate.verdict}; ${timing.total.toFixed(0)} s`);
for (const note of certificate.notes) console.log(note);
printCalibration("trained weights", probabilitiesAt(trained), test.labels);
printCalibration("posterior mode", probabilitiesAt(posterior.mode), test.labels);
const average = averageOverDraws(posterior.positions, { dimension: model.dimension, every: 4 }, probabilitiesAt);
printCalibration("posterior predictive", average, test.labels);
