import { useMemo, useState } from "preact/hooks";
import { identity } from "../../../src/linalg/matrix.ts";
import { klToPosterior, largestSdError } from "../../../src/theory/divergence.ts";
import { diagonalPreconditioner, fullExactPreconditioner, scalarLearningRate } from "../../../src/theory/optimal.ts";
import { Plane, Trail } from "../plane.ts";
import { createProblem, iterateCovariance, Sgd } from "../problem.ts";
import { Scene, type Sheet, Slider } from "../scene.tsx";

const problem = createProblem();
const batchSize = 8;
const best = scalarLearningRate({ ...problem, batchSize });
const ends = { least: -3, most: 3.6 };
const klAt = (factor: number) => {
  const covariance = iterateCovariance(problem, identity(2, best * 2 ** factor), batchSize);
  return covariance && klToPosterior(covariance, problem.hessian, problem.numRows);
};

/** KL over the learning rate, with the step of Theorem 1 at its minimum. */
export function BestStep() {
  const [factor, setFactor] = useState(2);
  const kl = klAt(factor);
  const least = klAt(0)!;
  return (
    <Scene
      number={3}
      title="The step of Theorem 1"
      equation={<>ε* = 2 S D / (N Tr C)</>}
      controls={
        <>
          <Slider
            label="Learning rate ε"
            min={ends.least}
            max={ends.most}
            value={factor}
            text={`${(best * 2 ** factor).toPrecision(2)}, ${(2 ** factor).toPrecision(2)} times ε*`}
            set={setFactor}
          />
          <button type="button" class="plain" onClick={() => setFactor(0)}>
            Take ε*
          </button>
        </>
      }
      label="A curve of the divergence over the learning rate, with its lowest point at the step of Theorem 1"
      legend={[
        ["main", "KL divergence at each ε"],
        ["second", "ε* of Theorem 1"],
      ]}
      said={
        kl === undefined
          ? "This step is too long: the iterates run away."
          : `Here ${kl.toFixed(3)} nats, at ε* ${least.toFixed(3)}.`
      }
      draw={(sheet) => drawCurve(sheet, factor)}
    >
      Too short a step makes the cloud too narrow, too long a step too wide, and the Kullback–Leibler divergence says by
      how much. Theorem 1 of the paper computes the best step from the noise of the gradients alone: nobody has to tune
      it.
    </Scene>
  );
}

function drawCurve({ context, width, height, colours }: Sheet, factor: number): void {
  const pad = { left: 46, right: 14, top: 16, bottom: 40 };
  const most = 3;
  const x = (value: number) =>
    pad.left + ((value - ends.least) / (ends.most - ends.least)) * (width - pad.left - pad.right);
  const y = (kl: number) => pad.top + (1 - Math.min(kl, most) / most) * (height - pad.top - pad.bottom);
  context.font = "13px system-ui, sans-serif";
  context.fillStyle = colours.faint;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.textAlign = "right";
  for (let kl = 0; kl <= most; kl++) {
    context.fillText(String(kl), pad.left - 8, y(kl) + 4);
    context.beginPath();
    context.moveTo(pad.left, y(kl));
    context.lineTo(width - pad.right, y(kl));
    context.stroke();
  }
  context.textAlign = "center";
  for (let power = -3; power <= 3; power++)
    context.fillText(power < 0 ? `1/${2 ** -power}` : String(2 ** power), x(power), height - pad.bottom + 18);
  context.fillText("learning rate, in multiples of ε*", (pad.left + width - pad.right) / 2, height - 6);
  context.textAlign = "left";
  context.fillText("KL", 6, pad.top + 4);
  context.strokeStyle = colours.second;
  context.lineWidth = 2;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(x(0), pad.top);
  context.lineTo(x(0), height - pad.bottom);
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = colours.main;
  context.lineWidth = 2.5;
  context.beginPath();
  let isBegun = false;
  for (let value = ends.least; value <= ends.most; value += 0.03) {
    const kl = klAt(value);
    if (kl === undefined || kl > most) break;
    if (isBegun) context.lineTo(x(value), y(kl));
    else context.moveTo(x(value), y(kl));
    isBegun = true;
  }
  context.stroke();
  const own = klAt(factor);
  if (own === undefined) return;
  context.fillStyle = colours.main;
  context.beginPath();
  context.arc(x(factor), y(own), 7, 0, 2 * Math.PI);
  context.fill();
}

const kinds = ["scalar", "diagonal", "full"] as const;
type Kind = (typeof kinds)[number];

/** The ellipses of a number, a diagonal and a full matrix as the step. */
export function Preconditioners() {
  const [kind, setKind] = useState<Kind>("scalar");
  const [correlation, setCorrelation] = useState(0.85);
  const own = useMemo(() => createProblem({ correlation, spread: 0.5 }), [correlation]);
  const size = 4;
  const step = useMemo(() => {
    const given = { ...own, batchSize: size };
    if (kind === "scalar") return identity(2, scalarLearningRate(given));
    return kind === "diagonal" ? diagonalPreconditioner(given) : fullExactPreconditioner(given);
  }, [own, kind]);
  const [run] = useState(() => ({ sgd: new Sgd(own, { step, batchSize: size }), trail: new Trail(3000), of: step }));
  if (run.of !== step) {
    Object.assign(run, { of: step, sgd: new Sgd(own, { step, batchSize: size }) });
    run.trail.clear();
  }
  const covariance = iterateCovariance(own, step, size);
  return (
    <Scene
      number={4}
      title="Preconditioners"
      equation={
        <>
          H* = (2 S / N) C<sup>−1</sup>
        </>
      }
      controls={
        <>
          <fieldset class="kinds">
            <legend>The step is a</legend>
            {kinds.map((name) => (
              <label key={name}>
                <input type="radio" name="preconditioner" checked={kind === name} onChange={() => setKind(name)} />{" "}
                {name === "scalar" ? "number" : `${name} matrix`}
              </label>
            ))}
          </fieldset>
          <Slider
            label="Correlation of the columns"
            min={-0.95}
            max={0.95}
            value={correlation}
            text={correlation.toFixed(2)}
            set={setCorrelation}
          />
        </>
      }
      label="The iterates with the step chosen, and the posterior's ellipse"
      legend={[
        ["main", "iterates, and their ellipse by theory"],
        ["second", "the posterior"],
      ]}
      said={
        covariance === undefined
          ? "This step is too long here: the iterates run away."
          : `Largest error of a posterior sd: ${(100 * largestSdError(covariance, own.posterior)).toFixed(1)}%; KL ${klToPosterior(covariance, own.hessian, own.numRows).toFixed(3)} nats.`
      }
      step={() => {
        for (let k = 0; k < 60; k++) run.trail.add(run.sgd.next());
      }}
      draw={({ context, width, height, colours }) => {
        const radius = 3.2 * Math.sqrt(Math.max(own.posterior.data[0], own.posterior.data[3]));
        const plane = new Plane(context, width, height, own.mode, radius);
        plane.points(run.trail.values, run.trail.count, colours.main);
        if (covariance) plane.ellipse(covariance, { colour: colours.main });
        plane.ellipse(own.posterior, { colour: colours.second, width: 3, dash: [7, 5] });
      }}
    >
      One number scales the cloud but cannot turn it; a step for each coordinate stretches it, and a full matrix gives
      it the very shape of the posterior. Here the full matrix is the one that is exact at a finite step, which the
      library uses.
    </Scene>
  );
}
