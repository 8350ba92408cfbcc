import { inBrief } from "../draw/in-brief.ts";
import type { Session } from "../session.ts";
import type { State } from "../state.ts";
import type { RunningDraws, RunningEstimate } from "../worker/protocol.ts";
import { Scrolled } from "./scrolled.tsx";
import { Trace } from "./trace.tsx";

interface Given {
  readonly run: NonNullable<State["run"]>;
  readonly session: Session;
}

/** How far the fit is, and what its draws say so far. */
export function Running({ run: { progress, running, isStopping }, session }: Given) {
  const { stage = "starting", fraction = 0, secondsLeft = null, perSecond = null, unit } = progress ?? {};
  const pace = perSecond === null || unit === null ? "" : `, ${shortCount(perSecond)} ${unit} a second`;
  const left =
    secondsLeft === null ? "" : `, ${secondsLeft < 1 ? "less than a second" : `${Math.ceil(secondsLeft)} s`} left`;
  return (
    <>
      <div class="progress">
        <progress value={fraction} max={1} aria-label={`Progress of the fit: ${stage}`} />
        <button type="button" class="plain" onClick={() => session.stop()} disabled={isStopping}>
          Stop
        </button>
      </div>
      <p class="aside">
        {isStopping ? "Stopping" : stage}
        {pace}
        {left}
      </p>
      {running && <RunningTable running={running} />}
    </>
  );
}

const shortCount = (value: number) => value.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });

/** Traces and running estimates, and which checks of the certificate they pass already. */
function RunningTable({ running }: { running: RunningDraws }) {
  const { estimates, traces, draws, more } = running;
  return (
    <>
      <Checks estimates={estimates} draws={draws} />
      <Scrolled label="Estimates so far">
        <table class="live">
          <thead>
            <tr>
              <th scope="col">Parameter</th>
              <th scope="col">Trace of the chains</th>
              <th scope="col">mean</th>
              <th scope="col">sd</th>
              <th scope="col">ess_bulk</th>
              <th scope="col">r_hat</th>
            </tr>
          </thead>
          <tbody>
            {estimates.map(({ name, mean, sd, essBulk, rHat }, k) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  <Trace chains={traces[k]} label={`Trace of ${name}`} />
                </td>
                <td>{inBrief(mean, sd)}</td>
                <td>{inBrief(sd, sd)}</td>
                <td>{Number.isNaN(essBulk) ? "…" : Math.round(essBulk).toLocaleString("en")}</td>
                <td>{Number.isNaN(rHat) ? "…" : rHat.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {more > 0 && <p class="aside">{more} more parameters are not shown while the chains run.</p>}
    </>
  );
}

const enough = { rHat: 1.01, essBulk: 400 };

function Checks({ estimates, draws }: { estimates: readonly RunningEstimate[]; draws: number }) {
  const known = estimates.filter(({ rHat }) => !Number.isNaN(rHat));
  const largest = Math.max(...known.map(({ rHat }) => rHat));
  const least = Math.min(...known.map(({ essBulk }) => essBulk));
  const item = (question: string, passes: boolean, text: string) => (
    <li class={passes ? "ok" : "warning"}>
      <b aria-hidden="true">{passes ? "✓" : "…"}</b>
      <strong>{question}</strong> {text}
    </li>
  );
  if (known.length === 0)
    return <p class="aside">The chains have {draws.toLocaleString("en")} positions each so far.</p>;
  return (
    <ul class="checks forming">
      {item(
        "Do the chains agree?",
        largest <= enough.rHat,
        `Largest R̂ ${largest.toFixed(3)}, over ${draws.toLocaleString("en")} positions a chain so far; below ${enough.rHat} they do.`,
      )}
      {item(
        "Are there enough draws?",
        least >= enough.essBulk,
        `Fewest effective draws ${Math.round(least).toLocaleString("en")}; ${enough.essBulk} are enough for intervals.`,
      )}
    </ul>
  );
}
