import { useEffect, useRef, useState } from "preact/hooks";
import { exportsOf } from "../scripts.ts";

/** The tour, whose script is loaded when it is first looked at. */
export function Tour() {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let leave: (() => void) | undefined;
    let isLeft = false;
    exportsOf<{ showTour(place: HTMLElement): () => void }>("tour").then(
      ({ showTour }) => {
        if (!isLeft && place.current) leave = showTour(place.current);
      },
      (error: Error) => setProblem(error.message),
    );
    return () => {
      isLeft = true;
      leave?.();
    };
  }, []);
  return (
    <>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div ref={place} class="tour" />
    </>
  );
}
