// What both MNIST examples need: the images, an average of predictions over draws, and how well predictions are calibrated.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { brierScore, expectedCalibrationError, logScore, reliabilityTable } from "ornstein";

export interface Digits {
  /** N × width × width in [0, 1] */
  readonly pixels: Float32Array;
  /** N, from 0 to 9 */
  readonly labels: Int32Array;
}

/** The four idx files of MNIST are looked for in the folder given as argument, or beside the checkout. */
const folder = process.argv[2] ?? "../shared/data/mnist";

/** The first `count` images, each block of `shrink` × `shrink` pixels averaged into one. */
export function readDigits(part: "train" | "t10k", count: number, shrink = 1): Digits {
  const images = readIdx(`${part}-images-idx3-ubyte.gz`).subarray(16);
  const width = 28 / shrink;
  const pixels = new Float32Array(count * width * width);
  for (let k = 0; k < count * 784; k++) {
    const [n, row, column] = [Math.floor(k / 784), Math.floor((k % 784) / 28), k % 28];
    const at = n * width * width + Math.floor(row / shrink) * width + Math.floor(column / shrink);
    pixels[at] += images[k] / 255 / shrink ** 2;
  }
  const labels = readIdx(`${part}-labels-idx1-ubyte.gz`).subarray(8, 8 + count);
  return { pixels, labels: Int32Array.from(labels) };
}

function readIdx(name: string): Buffer {
  const path = join(folder, name);
  if (existsSync(path)) return gunzipSync(readFileSync(path));
  console.error(`${path} is absent: give the folder of MNIST's four .gz files as argument.`);
  process.exit(2);
}

/** The mean of the class probabilities over every `every`th draw of all chains: the posterior predictive. */
export function averageOverDraws(
  positions: readonly (Float64Array | Float32Array)[],
  { dimension, every }: { dimension: number; every: number },
  probabilitiesAt: (position: ArrayLike<number>) => ArrayLike<number>,
): Float64Array {
  let sum = new Float64Array();
  let count = 0;
  for (const chain of positions)
    for (let at = 0; at < chain.length; at += every * dimension, count++) {
      const probabilities = probabilitiesAt(chain.subarray(at, at + dimension));
      if (count === 0) sum = new Float64Array(probabilities.length);
      for (let k = 0; k < sum.length; k++) sum[k] += probabilities[k];
    }
  return sum.map((value) => value / count);
}

/** Accuracy, scores, and how often predictions of each confidence are right. */
export function printCalibration(title: string, probabilities: ArrayLike<number>, labels: Int32Array): void {
  const table = reliabilityTable({ probabilities, labels });
  const right = table.reduce((sum, { count, observed }) => sum + count * (observed ?? 0), 0) / labels.length;
  const scores = [
    ["accuracy", right],
    ["expected calibration error", expectedCalibrationError(table)],
    ["log score", logScore({ probabilities, labels })],
    ["Brier score", brierScore({ probabilities, labels })],
  ] as const;
  console.log(`\n${title}\n${scores.map(([name, value]) => `${name} ${value.toFixed(4)}`).join(", ")}`);
  console.log("confidence   predictions  mean confidence  right");
  for (const { low, high, count, predicted, observed } of table)
    if (count > 0)
      console.log(
        `${low.toFixed(1)} to ${high.toFixed(1)}  ${String(count).padStart(12)}  ${predicted!.toFixed(3).padStart(15)}  ${observed!.toFixed(3)}`,
      );
}
