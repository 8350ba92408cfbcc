import { useEffect, useRef, useState } from "preact/hooks";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { Client } from "../../client.ts";
import { Scene, type Sheet, Slider } from "../scene.tsx";

const schools = 9;

interface Schools {
  readonly school: string[];
  readonly score: number[];
  /** Of each school its rows' mean, and how many there are. */
  readonly means: readonly number[];
  readonly rows: readonly number[];
  readonly mean: number;
}

/** Scores of pupils, of schools of different size. */
function simulate(between: number, size: number): Schools {
  const random = createRandom(11, 0, 1);
  const effects = Array.from({ length: schools }, () => random.normal());
  const rows = effects.map((_, k) => Math.max(1, Math.round((size * (k + 1)) / 5)));
  const school: string[] = [];
  const score: number[] = [];
  const means = effects.map((effect, k) => {
    // Pupils of their own, so that moving a slider moves each school and not all pupils anew.
    const own = createRandom(12, k, 1);
    let sum = 0;
    for (let n = 0; n < rows[k]; n++) {
      const value = between * effect + own.normal();
      sum += value;
      school.push(`school ${k + 1}`);
      score.push(value);
    }
    return sum / rows[k];
  });
  return { school, score, means, rows, mean: score.reduce((sum, value) => sum + value, 0) / score.length };
}

interface Fitted {
  readonly of: Schools;
  readonly intercept: number;
  readonly means: readonly number[];
  readonly sds: readonly number[];
  readonly between: number;
}

/** Partial pooling, fitted by the library itself at each move of a slider. */
export function Groups() {
  const [between, setBetween] = useState(0.4);
  const [size, setSize] = useState(6);
  const [fitted, setFitted] = useState<Fitted>();
  const [problem, setProblem] = useState<string>();
  const client = useRef<Client | undefined>(undefined);
  useEffect(() => {
    let isOld = false;
    // When the slider rests.
    const timer = setTimeout(() => {
      const own = simulate(between, size);
      client.current ??= new Client({});
      client.current
        .call("fitColumns", {
          data: { school: own.school, score: own.score },
          formula: "score ~ 1 + (1 | school)",
          options: { effects: true, draws: 300 },
        })
        .then(
          (posterior) => {
            if (isOld) return;
            const { mean, sd } = posterior.groupEffects![0];
            const [{ mean: intercept }] = posterior.coefficients;
            const [{ mean: sds }] = posterior.groups![0].sds;
            setFitted({
              of: own,
              intercept,
              means: Array.from(mean, (value) => intercept + value),
              sds: [...sd],
              between: sds,
            });
            setProblem(undefined);
          },
          (error: Error) => !isOld && setProblem(error.message),
        );
    }, 150);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [between, size]);
  useEffect(() => () => client.current?.end(), []);
  return (
    <Scene
      number={7}
      title="Groups"
      equation={
        <>
          y<sub>n</sub> ~ N(μ + b<sub>j</sub>, σ²), &nbsp; b<sub>j</sub> ~ N(0, τ²)
        </>
      }
      controls={
        <>
          <Slider
            label="How much schools differ τ"
            min={0}
            max={2}
            step={0.05}
            value={between}
            text={between.toFixed(2)}
            set={setBetween}
          />
          <Slider
            label="Pupils of a school, in the middle"
            min={2}
            max={40}
            step={1}
            value={size}
            text={String(size)}
            set={setSize}
          />
        </>
      }
      label="The mean of each school beside what the model makes of it, drawn towards the mean of all"
      legend={[
        ["faint", "mean of the school's own pupils"],
        ["main", "posterior mean and 94% interval"],
        ["second", "mean of all schools"],
      ]}
      said={problem ?? (fitted ? `The fit finds τ = ${fitted.between.toFixed(2)}.` : "The worker is fitting …")}
      draw={(sheet) => fitted && drawSchools(sheet, fitted)}
    >
      A school with few pupils tells little of itself, so the model draws its mean towards that of all schools, as far
      as schools are alike. How alike they are it learns from the same data; each move of a slider is a fit by the
      library.
    </Scene>
  );
}

function drawSchools(
  { context, width, height, colours }: Sheet,
  { of: { means: raw, rows }, intercept, means, sds }: Fitted,
): void {
  const pad = { left: 92, right: 16, top: 14, bottom: 30 };
  const most = Math.max(1, ...raw.map(Math.abs), ...means.map((mean, k) => Math.abs(mean) + 1.88 * sds[k])) * 1.05;
  const x = (value: number) => pad.left + ((value + most) / (2 * most)) * (width - pad.left - pad.right);
  const y = (k: number) => pad.top + ((k + 0.5) / raw.length) * (height - pad.top - pad.bottom);
  context.font = "13px system-ui, sans-serif";
  context.strokeStyle = colours.second;
  context.lineWidth = 2;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(x(intercept), pad.top);
  context.lineTo(x(intercept), height - pad.bottom);
  context.stroke();
  context.setLineDash([]);
  raw.forEach((value, k) => {
    context.fillStyle = colours.faint;
    context.textAlign = "right";
    context.fillText(`${rows[k]} pupil${rows[k] === 1 ? "" : "s"}`, pad.left - 10, y(k) + 4);
    context.strokeStyle = colours.line;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x(value), y(k) - 5);
    context.lineTo(x(means[k]), y(k) + 5);
    context.stroke();
    context.strokeStyle = colours.main;
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(x(means[k] - 1.88 * sds[k]), y(k) + 5);
    context.lineTo(x(means[k] + 1.88 * sds[k]), y(k) + 5);
    context.stroke();
    circle(context, x(value), y(k) - 5, colours.faint);
    circle(context, x(means[k]), y(k) + 5, colours.main);
  });
  context.fillStyle = colours.faint;
  context.textAlign = "center";
  for (const tick of [-1, 0, 1])
    context.fillText(
      String((tick * Math.round(most * 0.8 * 10)) / 10),
      x((tick * Math.round(most * 0.8 * 10)) / 10),
      height - 8,
    );
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, 4.5, 0, 2 * Math.PI);
  context.fill();
}
