import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { watchOptions } from "../../src/options/watch-options.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { Stream } from "../../src/stream/stream.ts";
import { streamModel } from "../../src/stream/stream-model.ts";

// 200 streams of 20,000 rows and 10 columns (nine and an intercept), logistic: what one pass is worth.
const [numStreams, numRows, numFeatures] = [200, 20_000, 9];
const size = numFeatures + 1;
const first = watchOptions.first.default!;
const probability = (eta: number) => 1 / (1 + Math.exp(-eta));
const names = Array.from({ length: numFeatures }, (_, j) => `x${j}`);

function simulated(seed: number) {
  const random = createRandom(seed, 0, 77);
  const truth = Float64Array.from({ length: size }, () => 0.5 * random.normal());
  const x = Array.from({ length: numRows }, () =>
    Float64Array.from({ length: size }, (_, j) => (j < numFeatures ? random.normal() : 1)),
  );
  const y = x.map((row) => random.uniform() < probability(row.reduce((sum, value, j) => sum + value * truth[j], 0)));
  const records = x.map((row, n) => ({ y: y[n], ...Object.fromEntries(names.map((name, j) => [name, row[j]])) }));
  return { truth, x, y, records };
}

/** Mode and sds of all rows, by Newton's method; the prior is that of a stream but for its scales. */
function wholeData({ truth, x, y }: ReturnType<typeof simulated>) {
  const position = Float64Array.from(truth);
  let covariance = matrix(size, size);
  for (let iteration = 0; iteration < 6; iteration++) {
    const curvature = matrix(size, size);
    const score = position.map((value, j) => -value / (j < numFeatures ? 6.25 : 100));
    for (let j = 0; j < size; j++) curvature.data[j * size + j] = 1 / (j < numFeatures ? 6.25 : 100);
    x.forEach((row, n) => {
      const p = probability(row.reduce((sum, value, j) => sum + value * position[j], 0));
      for (let i = 0; i < size; i++) {
        score[i] += row[i] * (Number(y[n]) - p);
        for (let j = 0; j < size; j++) curvature.data[i * size + j] += p * (1 - p) * row[i] * row[j];
      }
    });
    covariance = invertPositiveDefinite(curvature);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) position[i] += covariance.data[i * size + j] * score[j];
  }
  return { position, sds: Array.from({ length: size }, (_, j) => Math.sqrt(covariance.data[j * size + j])) };
}

async function streamed({ records }: ReturnType<typeof simulated>, rate: number) {
  const formula = `y ~ ${names.join(" + ")}`;
  const model = await streamModel(records.slice(0, first), { formula });
  const stream = new Stream(model, rate, first);
  const refused = () => expect.fail("every row can be used");
  for (let from = 0; from < numRows; from += 4000) await stream.take(records.slice(from, from + 4000), refused);
  return stream.estimates(0.95);
}

describe("one pass over a stream", () => {
  it("covers the truth as often as it says, and is where the whole data's posterior is", async () => {
    let [covered, inWidth, largest, squares] = [0, 0, 0, 0];
    for (let seed = 0; seed < numStreams; seed++) {
      const data = simulated(seed);
      const [estimates, { position, sds }] = [await streamed(data, 0), wholeData(data)];
      estimates.forEach(({ mean, sd, low, high }, j) => {
        covered += Number(low < data.truth[j] && data.truth[j] < high) / (numStreams * size);
        inWidth += sd / sds[j] / (numStreams * size);
        const distance = Math.abs(mean - position[j]) / sds[j];
        squares += distance ** 2 / (numStreams * size);
        largest = Math.max(largest, distance);
      });
    }
    console.log({ covered, inWidth, largest, rootMeanSquare: Math.sqrt(squares) });
    // The standard error of a coverage of 95% over 2,000 intervals is 0.5%.
    expect(covered).toBeGreaterThan(0.94);
    expect(covered).toBeLessThan(0.965);
    expect(largest).toBeLessThan(0.3);
    expect(Math.abs(inWidth - 1)).toBeLessThan(0.02);
  });

  it("covers a constant truth at a constant rate too", async () => {
    let covered = 0;
    const count = 60;
    for (let seed = 0; seed < count; seed++) {
      const data = simulated(1000 + seed);
      for (const [j, { low, high }] of (await streamed(data, 0.001)).entries())
        covered += Number(low < data.truth[j] && data.truth[j] < high) / (count * size);
    }
    console.log({ covered });
    // 600 intervals: three standard errors are 2.7%.
    expect(Math.abs(covered - 0.95)).toBeLessThan(0.027);
  });
});
