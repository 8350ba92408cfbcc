import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Colours, colours } from "../draw/colours.ts";
import { sharpContext } from "../draw/sharp-context.ts";

/** What a scene draws on, anew for every picture. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colours: Colours;
}

interface SceneGiven {
  readonly number: number;
  readonly title: string;
  /** Two sentences. */
  readonly children: ComponentChildren;
  readonly equation: ComponentChildren;
  readonly controls: ComponentChildren;
  /** What the picture shows, for who does not see it. */
  readonly label: string;
  /** Which colour is what. */
  readonly legend: readonly (readonly [colour: "main" | "second" | "faint", what: string])[];
  readonly said: ComponentChildren;
  /** Goes on by a picture's time; not called while the scene is still. */
  readonly step?: () => void;
  readonly draw: (sheet: Sheet) => void;
}

const stillSteps = 60;

/** A scene of the tour: text and an equation, a moving picture, and sliders. It moves while it is seen and people let it. */
export function Scene({ number, title, children, equation, controls, label, legend, said, step, draw }: SceneGiven) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isMoving, setMoving] = useState(() => !matchMedia("(prefers-reduced-motion: reduce)").matches);
  const now = useRef({ step, draw });
  now.current = { step, draw };
  const paint = () => {
    const own = canvas.current;
    if (!own) return;
    const { clientWidth: width, clientHeight: height } = own;
    const context = sharpContext(own, width, height);
    if (!context) return;
    context.clearRect(0, 0, width, height);
    now.current.draw({ context, width, height, colours: colours(own) });
  };
  useEffect(() => {
    // Who asks for stillness sees what the others see after a while.
    if (!isMoving) for (let k = 0; k < stillSteps; k++) step?.();
  }, []);
  useEffect(paint);
  useEffect(() => {
    let asked = 0;
    let isSeen = false;
    const go = () => {
      asked = 0;
      if (!isSeen || !isMoving || !now.current.step) return;
      now.current.step();
      paint();
      asked = requestAnimationFrame(go);
    };
    const watch = new IntersectionObserver(([entry]) => {
      isSeen = entry.isIntersecting;
      if (isSeen && asked === 0) asked = requestAnimationFrame(go);
    });
    watch.observe(canvas.current!);
    const size = new ResizeObserver(paint);
    size.observe(canvas.current!);
    return () => {
      isSeen = false;
      cancelAnimationFrame(asked);
      watch.disconnect();
      size.disconnect();
    };
  }, [isMoving]);
  const id = `scene-${number}`;
  return (
    <section class="scene" aria-labelledby={id}>
      <div class="words">
        <h2 id={id}>
          <span class="number">{number}</span> {title}
        </h2>
        <p>{children}</p>
        <p class="equation">{equation}</p>
        <div class="sliders">{controls}</div>
        <p class="said">{said}</p>
      </div>
      <figure>
        <canvas ref={canvas} role="img" aria-label={label} />
        <figcaption>
          <ul class="legend">
            {legend.map(([colour, what]) => (
              <li key={what}>
                <i class={colour} /> {what}
              </li>
            ))}
          </ul>
          {step && (
            <button type="button" class="plain" aria-pressed={!isMoving} onClick={() => setMoving(!isMoving)}>
              Hold still<span class="unseen"> scene {number}</span>
            </button>
          )}
        </figcaption>
      </figure>
    </section>
  );
}

interface SliderGiven {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** The value as people read it. */
  readonly text: string;
  readonly set: (value: number) => void;
}

export function Slider({ label, value, min, max, step = 0.01, text, set }: SliderGiven) {
  return (
    <label class="slider">
      <span>
        {label} <output>{text}</output>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onInput={({ currentTarget }) => set(Number(currentTarget.value))}
      />
    </label>
  );
}
