// A two-layer network on MNIST, its images averaged to 7 × 7 pixels, trained in jax-js on few images and for long, so that it is
// sure of itself; then all of its 970 weights are sampled around the mode that training found. Needs @jax-js/jax.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { defaultDevice, init, nn, numpy as np } from "@jax-js/jax";
import { brierScore, customModel, expectedCalibrationError, logScore, reliabilityTable, sampleModel } from "ornstein";
import { fromJax } from "ornstein/jax";

const folder = process.env.MNIST ?? "../shared/data/mnist";
await init("wasm");
defaultDevice("wasm");

/** Images as means of 4 × 4 pixels, from 0 to 1, and their labels. */
function read(set: string, count: number) {
  const bytes = (file: string) => gunzipSync(readFileSync(`${folder}/${set}-${file}-ubyte.gz`));
  const pixels = bytes("images-idx3").subarray(16);
  const values = new Float32Array(49 * count);
  for (let n = 0; n < count; n++)
    for (let k = 0; k < 784; k++)
      values[49 * n + 7 * Math.floor(k / 112) + Math.floor((k % 28) / 4)] += pixels[784 * n + k] / (255 * 16);
  const labels = Int32Array.from(bytes("labels-idx1").subarray(8, 8 + count));
  return { x: { values, shape: [count, 49] }, y: { values: labels, shape: [count] } };
}

type Network = { hidden: np.Array; hiddenBias: np.Array; output: np.Array; outputBias: np.Array };
const scores = ({ hidden, hiddenBias, output, outputBias }: Network, x: np.Array) =>
  np.dot(np.tanh(np.dot(x, hidden).add(hiddenBias)), output).add(outputBias);

const random = (rows: number, columns: number) =>
  np.array(
    Float32Array.from({ length: rows * columns }, (_, k) => (2 * Math.sin(12.9898 * (k + 1))) / Math.sqrt(rows)),
    { shape: [rows, columns] },
  );
const training = read("train", 2000);
const network = fromJax<Network>({
  parameters: {
    hidden: random(49, 16),
    hiddenBias: np.zeros([16]),
    output: random(16, 10),
    outputBias: np.zeros([10]),
  },
  data: training,
  loss: (parameters, { x, y }) =>
    nn
      .oneHot(y, 10)
      .mul(nn.logSoftmax(scores(parameters, x)))
      .sum(1)
      .mean()
      .neg(),
});

// Training: gradient descent with momentum on batches of 100 images. The prior, normal(0, 1), is weight decay.
const weights = Float64Array.from(network.start!);
const velocity = new Float64Array(weights.length);
for (let step = 0; step < 6000; step++) {
  const rows = Uint32Array.from({ length: 100 }, (_, k) => (7919 * (100 * step + k)) % 2000);
  const { gradient } = await network.lossAndGradient(weights, rows);
  for (let j = 0; j < weights.length; j++) {
    velocity[j] = 0.9 * velocity[j] - 0.1 * (gradient[j] + weights[j] / 2000);
    weights[j] += velocity[j];
  }
}

const model = customModel({ ...network, start: weights, prior: { mean: 0, sd: 1 } });
const posterior = await sampleModel(model, { chains: 4, draws: 25, seed: 1, tolerance: 0.1 });

const test = read("t10k", 10_000);
/** Class probabilities of the test images, averaged over weights. */
function predict(positions: Float64Array[]): Float64Array {
  const mean = new Float64Array(100_000);
  for (const position of positions) {
    const x = np.array(test.x.values, { shape: [10_000, 49] });
    const probabilities = nn.softmax(scores(network.unflatten(position), x)).dataSync();
    for (let k = 0; k < mean.length; k++) mean[k] += probabilities[k] / positions.length;
  }
  return mean;
}

const draws = posterior.positions.flatMap((chain) =>
  Array.from({ length: 25 }, (_, draw) => chain.subarray(draw * weights.length, (draw + 1) * weights.length)),
);
for (const [title, positions] of [
  ["trained weights", [weights]],
  ["posterior draws", draws],
] as const) {
  const predictions = { probabilities: predict([...positions]), labels: test.y.values };
  const table = reliabilityTable(predictions);
  console.log(
    `${title}: log score ${logScore(predictions).toFixed(4)}, Brier score ${brierScore(predictions).toFixed(4)}, expected calibration error ${(100 * expectedCalibrationError(table)).toFixed(2)}%`,
  );
  for (const { count, predicted, observed } of table) {
    const percent = (share: number | null) => `${(100 * share!).toFixed(1)}%`;
    if (count > 0)
      console.log(`  ${String(count).padStart(5)} images said ${percent(predicted)}, right ${percent(observed)}`);
  }
}
console.log(`certificate: ${posterior.certificate.verdict}`);
for (const note of posterior.certificate.notes) console.log(note);
