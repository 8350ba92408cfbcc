import { useEffect, useRef, useState } from "preact/hooks";
import type { NamedDraws } from "../../src/prediction/predictive-fit.ts";
import { colours } from "../draw/colours.ts";
import { inBrief } from "../draw/in-brief.ts";
import { pictureOfPoints, type Window2D } from "../draw/points.ts";

const whole: Window2D = { x: -4, y: -4, width: 8, height: 8 };

/** All draws of two parameters as points; wheel and keys come nearer, dragging moves. */
export function Cloud({ draws }: { draws: NamedDraws }) {
  const names = [...draws.keys()];
  const [first, setFirst] = useState(names[0]);
  const [second, setSecond] = useState(names[1] ?? names[0]);
  const [x, y] = [first, second].map((name) => scaled(draws.get(name) ?? draws.get(names[0])!));
  const choose = (id: string, label: string, value: string, set: (name: string) => void) => (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
  return (
    <>
      <div class="fields">
        {choose("cloud-x", "Across", first, setFirst)}
        {choose("cloud-y", "Up", second, setSecond)}
      </div>
      <Points key={`${first} ${second}`} x={x} y={y} label={`Draws of ${first} and ${second}`} />
      <p class="aside">
        {x.values.length.toLocaleString("en")} draws; correlation {correlation(x, y).toFixed(2)}. Across {first}: mean{" "}
        {inBrief(x.mean, x.sd)}, sd {inBrief(x.sd, x.sd)}; up {second}: mean {inBrief(y.mean, y.sd)}, sd{" "}
        {inBrief(y.sd, y.sd)}. The frame is four sds to each side. Plus and minus come nearer, arrows move.
      </p>
    </>
  );
}

interface Scaled {
  readonly mean: number;
  readonly sd: number;
  /** In sds from the mean. */
  readonly values: Float32Array;
}

function scaled(chains: readonly (Float64Array | Float32Array)[]): Scaled {
  let [count, sum, squares] = [0, 0, 0];
  for (const chain of chains)
    for (const value of chain) {
      count++;
      sum += value;
    }
  const mean = sum / count;
  for (const chain of chains) for (const value of chain) squares += (value - mean) ** 2;
  const sd = Math.sqrt(squares / count);
  const values = new Float32Array(count);
  let at = 0;
  for (const chain of chains) for (const value of chain) values[at++] = sd > 0 ? (value - mean) / sd : 0;
  return { mean, sd, values };
}

function correlation(x: Scaled, y: Scaled): number {
  let sum = 0;
  for (let k = 0; k < x.values.length; k++) sum += x.values[k] * y.values[k];
  return sum / x.values.length;
}

function Points({ x, y, label }: { x: Scaled; y: Scaled; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const change = useRef<(by: (seen: Window2D) => Window2D) => void>(() => {});
  useEffect(() => {
    const own = canvas.current!;
    const ratio = Math.min(3, devicePixelRatio || 1);
    own.width = own.clientWidth * ratio;
    own.height = own.clientHeight * ratio;
    const points = new Float32Array(2 * x.values.length);
    for (let k = 0; k < x.values.length; k++) {
      points[2 * k] = x.values[k];
      points[2 * k + 1] = y.values[k];
    }
    const picture = pictureOfPoints(own, points);
    let seen = whole;
    let asked = 0;
    const draw = () => {
      asked = 0;
      picture.draw(seen, colours(own).main);
    };
    change.current = (by) => {
      seen = by(seen);
      asked ||= requestAnimationFrame(draw);
    };
    draw();
    own.dataset.gpu = String(picture.isByGpu);
    return () => {
      cancelAnimationFrame(asked);
      picture.close();
    };
  }, [x.values, y.values]);
  const nearer = (factor: number, fx = 0.5, fy = 0.5) =>
    change.current(({ x, y, width, height }) => ({
      x: x + fx * width * (1 - factor),
      y: y + fy * height * (1 - factor),
      width: width * factor,
      height: height * factor,
    }));
  const move = (dx: number, dy: number) =>
    change.current((seen) => ({ ...seen, x: seen.x + dx * seen.width, y: seen.y + dy * seen.height }));
  return (
    <canvas
      ref={canvas}
      class="cloud"
      role="img"
      aria-label={label}
      tabIndex={0}
      onWheel={(event) => {
        if (!event.ctrlKey && !event.shiftKey && document.activeElement !== event.currentTarget) return;
        event.preventDefault();
        const box = event.currentTarget.getBoundingClientRect();
        nearer(
          event.deltaY > 0 ? 1.15 : 1 / 1.15,
          (event.clientX - box.left) / box.width,
          1 - (event.clientY - box.top) / box.height,
        );
      }}
      onPointerMove={(event) => {
        if (event.buttons !== 1 || event.pointerType === "touch") return;
        const { clientWidth, clientHeight } = event.currentTarget;
        move(-event.movementX / clientWidth, event.movementY / clientHeight);
      }}
      onKeyDown={(event) => {
        const step = 0.1;
        const keys: Record<string, () => void> = {
          "+": () => nearer(0.8),
          "-": () => nearer(1.25),
          ArrowLeft: () => move(-step, 0),
          ArrowRight: () => move(step, 0),
          ArrowUp: () => move(0, step),
          ArrowDown: () => move(0, -step),
          "0": () => change.current(() => whole),
        };
        if (!keys[event.key]) return;
        event.preventDefault();
        keys[event.key]();
      }}
    />
  );
}
