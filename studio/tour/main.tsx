import { render } from "preact";
import { Groups } from "./scenes/groups.tsx";
import { NeverStops, TwoEllipses } from "./scenes/moving.tsx";
import { Averaging, ControlVariates } from "./scenes/noise.tsx";
import { BestStep, Preconditioners } from "./scenes/steps.tsx";

/** Shows the tour in a place of the page. @returns what takes it away again */
export function showTour(place: HTMLElement): () => void {
  render(
    <>
      <h1>Why SGD samples</h1>
      <p class="sub">
        Seven scenes on the idea behind the studio, after Mandt, Hoffman and Blei, Stochastic Gradient Descent as
        Approximate Bayesian Inference (2017). Everything you see is computed while you look; move the sliders.
      </p>
      <NeverStops />
      <TwoEllipses />
      <BestStep />
      <Preconditioners />
      <Averaging />
      <ControlVariates />
      <Groups />
    </>,
    place,
  );
  return () => render(null, place);
}
