import { useMemo, useState } from "preact/hooks";
import { identity } from "../../../src/linalg/matrix.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { averagedCovariance, sandwichCovariance } from "../../../src/theory/averaging.ts";
import { largestSdError } from "../../../src/theory/divergence.ts";
import { Plane, Trail } from "../plane.ts";
import { batchGradient, createProblem, iterateCovariance, type Problem, Sgd } from "../problem.ts";
import { Scene, Slider } from "../scene.tsx";

const problem = createProblem({ numRows: 4000 });

/** Means over windows of the iterates, which need no preconditioner. */
export function Averaging() {
  const [window, setWindow] = useState(0);
  const batchSize = 10;
  const passes = 2 ** window;
  const steps = Math.max(1, Math.round((passes * problem.numRows) / batchSize));
  const step = useMemo(() => identity(2, 0.1), []);
  const iterates = iterateCovariance(problem, step, batchSize)!;
  const means = averagedCovariance({ preconditioner: step, hessian: problem.hessian }, iterates, steps);
  const target = sandwichCovariance(problem.hessian, problem.noiseCovariance, problem.numRows);
  const [run] = useState(() => ({
    sgd: new Sgd(problem, { step, batchSize }),
    iterates: new Trail(1500),
    means: new Trail(1500),
    sum: [0, 0],
    count: 0,
    steps,
  }));
  if (run.steps !== steps) {
    Object.assign(run, { steps, sum: [0, 0], count: 0 });
    run.means.clear();
  }
  const advance = () => {
    for (let k = 0; k < 4000; k++) {
      const position = run.sgd.next();
      if (k % 100 === 0) run.iterates.add(position);
      run.sum[0] += position[0];
      run.sum[1] += position[1];
      if (++run.count < steps) continue;
      run.means.add([run.sum[0] / steps, run.sum[1] / steps]);
      run.sum = [0, 0];
      run.count = 0;
    }
  };
  return (
    <Scene
      number={5}
      title="Averaging"
      equation={
        <>
          <span class="mean">θ</span> = (1 / T) Σ<sub>t</sub> θ<sub>t</sub>, &nbsp; Cov <span class="mean">θ</span> → A
          <sup>−1</sup> C A<sup>−1</sup> / N
        </>
      }
      controls={
        <Slider
          label="Length of a window"
          min={-4}
          max={3}
          step={0.5}
          value={window}
          text={`${Number(passes.toPrecision(2))} ${passes === 1 ? "pass" : "passes"}, ${steps.toLocaleString("en")} steps`}
          set={setWindow}
        />
      }
      label="Iterates of SGD in the background and means over windows of them, with the ellipse of the posterior"
      legend={[
        ["faint", "iterates, far too wide"],
        ["main", "means over windows, and their ellipse by theory"],
        ["second", "the law that one pass leads to"],
      ]}
      said={`Sds of the means are off by ${(100 * largestSdError(means, target)).toFixed(0)}% at most.${passes === 1 ? "" : passes < 1 ? " Windows of less than a pass are too wide." : " Windows of more than a pass are too narrow."}`}
      step={advance}
      draw={({ context, width, height, colours }) => {
        const plane = new Plane(context, width, height, problem.mode, 8 * Math.sqrt(problem.posterior.data[3]));
        plane.points(run.iterates.values, run.iterates.count, colours.faint, 2, 0.35);
        plane.points(run.means.values, run.means.count, colours.main, 2.6, 0.7);
        plane.ellipse(means, { colour: colours.main });
        plane.ellipse(target, { colour: colours.second, width: 3, dash: [7, 5] });
      }}
    >
      Take long steps, and keep the means of the iterates over windows in their place. Over one pass through the data
      the noise averages out to just the posterior's spread, whatever the curvature, where the model is right (C = A):
      no matrix is needed.
    </Scene>
  );
}

/** ĝ(θ) − ĝ(θ*) + g(θ*) with the same rows for both; the full gradient g(θ*) is 0. */
function controlled(own: Problem, at: readonly [number, number], batchSize: number, seed: number): [number, number] {
  const [u, v] = batchGradient(own, at, batchSize, createRandom(seed, 0, 1));
  const [s, t] = batchGradient(own, own.mode, batchSize, createRandom(seed, 0, 1));
  return [u - s, v - t];
}

const perPicture = 8;

/** Estimates of one gradient, from the rows alone and by their difference from the mode's. */
export function ControlVariates() {
  const [distance, setDistance] = useState(1);
  const [size, setSize] = useState(3);
  const numRows = Math.round(10 ** size);
  const batchSize = 10;
  const own = useMemo(() => createProblem({ numRows }), [numRows]);
  const [run] = useState(() => ({ plain: new Trail(900), controlled: new Trail(900), seed: 1, of: "" }));
  const sd = Math.sqrt(own.posterior.data[0]);
  const at: [number, number] = [own.mode[0] + distance * sd, own.mode[1]];
  const gradient: [number, number] = [own.hessian.data[0] * distance * sd, own.hessian.data[1] * distance * sd];
  if (run.of !== `${distance} ${numRows}`) {
    run.of = `${distance} ${numRows}`;
    run.plain.clear();
    run.controlled.clear();
    fill(20);
  }
  function fill(times: number) {
    for (let k = 0; k < times * perPicture; k++) {
      const seed = ++run.seed;
      run.plain.add(batchGradient(own, at, batchSize, createRandom(seed, 0, 1)));
      run.controlled.add(controlled(own, at, batchSize, seed));
    }
  }
  const spreads = [spreadOf(run.plain), spreadOf(run.controlled)];
  const ratio = spreads[1] > 0 ? spreads[0] / spreads[1] : Number.POSITIVE_INFINITY;
  return (
    <Scene
      number={6}
      title="Control variates"
      equation={
        <>
          ĝ<sub>S</sub>(θ) − ĝ<sub>S</sub>(θ*) + g(θ*)
        </>
      }
      controls={
        <>
          <Slider
            label="Distance from the mode"
            min={0}
            max={4}
            step={0.1}
            value={distance}
            text={`${distance.toFixed(1)} posterior sds`}
            set={setDistance}
          />
          <Slider
            label="Rows of the data N"
            min={2}
            max={5}
            step={0.5}
            value={size}
            text={numRows.toLocaleString("en")}
            set={setSize}
          />
        </>
      }
      label="Two clouds of gradient estimates: a wide one of plain batches, and a narrow one with control variates"
      legend={[
        ["faint", "plain batches of 10 rows"],
        ["main", "the same with control variates"],
        ["second", "the gradient of all rows"],
      ]}
      said={
        ratio === Number.POSITIVE_INFINITY
          ? "At the mode nothing is left of the noise."
          : `With control variates the noise is ${ratio.toPrecision(2)} times smaller: plain batches would need ${Math.round(ratio ** 2).toLocaleString("en")} times the rows.`
      }
      step={() => fill(1)}
      draw={({ context, width, height, colours }) => {
        const plane = new Plane(context, width, height, [0, 0], 1.1);
        plane.points(run.plain.values, run.plain.count, colours.faint, 2.6, 0.6);
        plane.points(run.controlled.values, run.controlled.count, colours.main, 2.6, 0.8);
        plane.dot(gradient, colours.second, 4);
      }}
    >
      The same rows give a gradient at the mode too, where the gradient of all rows is known: their difference has
      hardly any noise. It falls as the posterior narrows with more data, so that a draw costs the same for a thousand
      rows as for a billion.
    </Scene>
  );
}

/** Root mean square distance from the mean. */
function spreadOf({ values, count }: Trail): number {
  let [a, b, squares] = [0, 0, 0];
  for (let k = 0; k < count; k++) {
    a += values[2 * k] / count;
    b += values[2 * k + 1] / count;
  }
  for (let k = 0; k < count; k++) squares += ((values[2 * k] - a) ** 2 + (values[2 * k + 1] - b) ** 2) / count;
  return Math.sqrt(squares);
}
