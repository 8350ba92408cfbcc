import { useEffect, useState } from "preact/hooks";
import { Session } from "../session.ts";
import { Columns } from "./columns.tsx";
import { Model } from "./model.tsx";
import { Open } from "./open.tsx";
import { Result } from "./result.tsx";
import { Running } from "./running.tsx";

/** From a file to a report: data, model, sampling, result, one below the other. */
export function Studio() {
  const [session] = useState(() => new Session());
  const [state, setState] = useState(session.state);
  useEffect(() => session.watch(setState), [session]);
  const { table, problem, run, result } = state;
  return (
    <>
      <h1>Studio</h1>
      <p class="sub">
        Posterior samples of a regression model of your own table, with a certificate of their error. The rows stay on
        this machine.
      </p>
      <section aria-labelledby="data-title">
        <h2 id="data-title">Data</h2>
        <Open state={state} session={session} />
        <Told problem={problem} where="data" />
        {table && <Columns state={state} session={session} />}
      </section>
      {table && (
        <section aria-labelledby="model-title">
          <h2 id="model-title">Model</h2>
          <Model state={state} session={session} />
          <Told problem={problem} where="model" />
        </section>
      )}
      {run && (
        <section aria-labelledby="run-title" ref={intoView}>
          <h2 id="run-title">Sampling</h2>
          <Running run={run} session={session} />
        </section>
      )}
      {result && !run && (
        <div ref={intoView}>
          <Result state={state} result={result} session={session} />
        </div>
      )}
      <Told problem={problem} where="result" />
    </>
  );
}

/** What comes is looked at, unless people ask for stillness. */
function intoView(part: HTMLElement | null): void {
  part?.scrollIntoView({
    block: "start",
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth",
  });
}

function Told({ problem, where }: { problem: Session["state"]["problem"]; where: string }) {
  return <div role="alert">{problem?.where === where && <p class="problem">{problem.text}</p>}</div>;
}
