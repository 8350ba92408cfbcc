// Steps of SGLD a second by the library's own `sgld`: node ours.mjs [--draws N]. The same rows as steps.py, by another generator.
// The steps are those that the result names, the seconds those that it took for the chains: the draws and their moments are in it.
import { parseArgs } from "node:util";
import { fit } from "../../../dist/index.mjs";

const { values } = parseArgs({ options: { draws: { type: "string", default: "500" } } });
const [numRows, numColumns] = [100_000, 10];
let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return state * 2 ** -31;
};
const columns = Array.from({ length: numColumns }, () => Float64Array.from({ length: numRows }, uniform));
const data = Object.fromEntries(columns.map((column, j) => [`x${j}`, column]));
data.y = Float64Array.from({ length: numRows }, (_, n) => {
  const eta = columns.reduce((sum, column, j) => sum + 0.2 * (j - (numColumns - 1) / 2) * column[n], 0);
  return (uniform() + 1) / 2 < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
});
const options = { sampler: "sgld", batchSize: 10, chains: 1, draws: Number(values.draws), tolerance: 0.5, seed: 1 };
const started = performance.now();
const { settings, timing } = await fit(
  { data, formula: "y ~ . - 1" },
  { ...options, family: "bernoulli", prior: "normal(0, 1)" },
);
const steps = settings.burnInSteps + settings.draws * settings.stepsPerDraw;
const answer = { run: timing.sample, compile: 0, steps, perSecond: steps / timing.sample };
console.log(
  JSON.stringify({ ...answer, rowsVisited: timing.rowsVisited, total: (performance.now() - started) / 1000 }),
);
