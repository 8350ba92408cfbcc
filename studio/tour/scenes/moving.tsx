import { useMemo, useState } from "preact/hooks";
import { identity } from "../../../src/linalg/matrix.ts";
import { klToPosterior } from "../../../src/theory/divergence.ts";
import { scalarLearningRate } from "../../../src/theory/optimal.ts";
import { Plane, Trail } from "../plane.ts";
import { createProblem, iterateCovariance, Sgd } from "../problem.ts";
import { Scene, type Sheet, Slider } from "../scene.tsx";

const problem = createProblem();
const best = (batchSize: number) => scalarLearningRate({ ...problem, batchSize });
const sdOf = Math.sqrt(problem.posterior.data[3]);
const count = (value: number) => Math.round(value).toLocaleString("en");

/** The path of SGD over the contours of the loss. */
export function NeverStops() {
  const [rate, setRate] = useState(-1.2);
  const [batch, setBatch] = useState(3);
  const epsilon = 10 ** rate;
  const batchSize = Math.round(2 ** batch);
  const [run] = useState(() => ({
    sgd: new Sgd(problem, { step: identity(2, 0.05), batchSize: 8 }, 1, [
      problem.mode[0] - 0.5,
      problem.mode[1] + 0.75,
    ]),
    trail: new Trail(220),
  }));
  run.sgd.settings = { step: identity(2, epsilon), batchSize };
  const draw = ({ context, width, height, colours }: Sheet) => {
    const plane = new Plane(context, width, height, problem.mode, 0.8);
    for (let k = 1; k <= 7; k++) plane.ellipse(problem.posterior, { colour: colours.line, sds: 2.4 * k, width: 1.2 });
    const ordered = run.trail.ordered();
    plane.path(ordered, run.trail.count, colours.main);
    plane.dot(problem.mode, colours.second);
    plane.dot(run.sgd.position, colours.main, 4);
  };
  return (
    <Scene
      number={1}
      title="SGD that does not stop"
      equation={
        <>
          θ ← θ − ε ĝ<sub>S</sub>(θ)
        </>
      }
      controls={
        <>
          <Slider label="Learning rate ε" min={-2.5} max={0} value={rate} text={epsilon.toPrecision(2)} set={setRate} />
          <Slider
            label="Rows in a batch S"
            min={0}
            max={7}
            step={1}
            value={batch}
            text={String(batchSize)}
            set={setBatch}
          />
          <button
            type="button"
            class="plain"
            onClick={() => {
              run.sgd.position = [problem.mode[0] - 0.5, problem.mode[1] + 0.75];
              run.trail.clear();
            }}
          >
            Begin far away again
          </button>
        </>
      }
      label="A path that comes to the lowest point of the loss and then wanders around it"
      legend={[
        ["main", "the path of SGD"],
        ["second", "the mode"],
        ["faint", "equal loss"],
      ]}
      said={`With ${batchSize} of ${count(problem.numRows)} rows a step, one pass over the data is ${count(problem.numRows / batchSize)} steps.`}
      step={() => {
        for (let k = 0; k < 2; k++) run.trail.add(run.sgd.next());
      }}
      draw={draw}
    >
      With a constant learning rate, stochastic gradient descent comes near the mode and never settles: each batch of
      rows pulls it elsewhere. It wanders in a cloud that is larger the longer the steps and the smaller the batches.
    </Scene>
  );
}

/** The cloud of the iterates, its ellipse, and the posterior's (the paper's figure 1). */
export function TwoEllipses() {
  const [factor, setFactor] = useState(1.2);
  const [batch, setBatch] = useState(3);
  const batchSize = Math.round(2 ** batch);
  const epsilon = best(batchSize) * 2 ** factor;
  const step = useMemo(() => identity(2, epsilon), [epsilon]);
  const [run] = useState(() => ({ sgd: new Sgd(problem, { step, batchSize }), trail: new Trail(3000), settings: "" }));
  const settings = `${epsilon} ${batchSize}`;
  if (run.settings !== settings) {
    Object.assign(run, { settings, sgd: new Sgd(problem, { step, batchSize }) });
    run.trail.clear();
  }
  const covariance = iterateCovariance(problem, step, batchSize);
  const kl = covariance && klToPosterior(covariance, problem.hessian, problem.numRows);
  return (
    <Scene
      number={2}
      title="Its cloud against the posterior"
      equation={
        <>
          A Σ + Σ A = (ε / S) C, &nbsp; P = (N A)<sup>−1</sup>
        </>
      }
      controls={
        <>
          <Slider
            label="Learning rate ε"
            min={-3}
            max={3.5}
            value={factor}
            text={epsilon.toPrecision(2)}
            set={setFactor}
          />
          <Slider
            label="Rows in a batch S"
            min={0}
            max={6}
            step={1}
            value={batch}
            text={String(batchSize)}
            set={setBatch}
          />
        </>
      }
      label="The iterates of SGD as points, the ellipse that theory gives for them, and the ellipse of the posterior"
      legend={[
        ["main", "iterates of SGD, and their ellipse by theory"],
        ["second", "the posterior"],
      ]}
      said={
        kl === undefined
          ? "This step is too long: the iterates run away."
          : `KL divergence from the posterior: ${kl.toFixed(3)} nats. ${run.trail.count < 500 ? "" : "The points fill the ellipse that theory predicts."}`
      }
      step={() => {
        for (let k = 0; k < 60; k++) run.trail.add(run.sgd.next());
      }}
      draw={({ context, width, height, colours }) => {
        const plane = new Plane(context, width, height, problem.mode, 5 * sdOf);
        plane.points(run.trail.values, run.trail.count, colours.main);
        if (covariance) plane.ellipse(covariance, { colour: colours.main });
        plane.ellipse(problem.posterior, { colour: colours.second, width: 3 });
      }}
    >
      The cloud has a normal law, which the curvature A and the noise of the gradients C determine. Bayesian inference
      asks for another normal law, the posterior: with the right step, the one can stand for the other.
    </Scene>
  );
}
