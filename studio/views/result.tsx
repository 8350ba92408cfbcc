import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { version } from "../../package.json" with { type: "json" };
import type { Posterior } from "../../src/fit/posterior.ts";
import type { ReportOptions } from "../../src/report/report.ts";
import { download, drawsAsCsv } from "../download.ts";
import type { ReportAnswer, ReportRequest } from "../pictures-worker.ts";
import { workerOf } from "../scripts.ts";
import type { Session } from "../session.ts";
import type { State } from "../state.ts";
import { Cloud } from "./cloud.tsx";

interface Given {
  readonly state: State;
  readonly result: NonNullable<State["result"]>;
  readonly session: Session;
}

/** What the fit says: the report, the draws to look into, and what can be taken away. */
export function Result({ state: { asking, table }, result, session }: Given) {
  const { fit, command, overRows } = result;
  const { posterior, seconds, threads } = fit;
  const page = useReport(posterior, command, overRows);
  const [first, rest] = useMemo(
    () => [page.parts?.slice(0, answerParts), page.parts?.slice(answerParts)],
    [page.parts],
  );
  const stem = (table?.label ?? "fit").replace(/\.[^.]*$/, "");
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(command).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  if (!page.parts && !page.problem)
    return (
      <p class="aside" role="status">
        Drawing the report …
      </p>
    );
  return (
    <>
      {page.problem && <p class="problem">{page.problem}</p>}
      <Report parts={first} />
      <section aria-labelledby="take-title" class="result">
        <h2 id="take-title">To take away</h2>
        <p class="aside" role="status">
          Fitted in {seconds.toFixed(1)} s on {threads === 1 ? "one worker" : `${threads} workers`}.
        </p>
        <p class="buttons">
          <button
            type="button"
            class="button"
            disabled={page.text === undefined}
            onClick={() => download(`${stem}.html`, "text/html", page.text!)}
          >
            Download the report
          </button>
          <button
            type="button"
            class="button"
            onClick={() => download(`${stem}-draws.csv`, "text/csv", drawsAsCsv(posterior))}
          >
            Download the draws
          </button>
          <button
            type="button"
            class="button"
            onClick={async () => download(`${stem}.ornstein`, "application/octet-stream", await session.portable())}
          >
            Download the fit
          </button>
        </p>
        <p>The command that does the same:</p>
        <pre>
          <code>{command}</code>
        </pre>
        <p class="buttons">
          {navigator.clipboard && (
            <button type="button" class="plain" onClick={copy}>
              {isCopied ? "Copied" : "Copy the command"}
            </button>
          )}
          <button
            type="button"
            class="plain"
            disabled={asking !== undefined || overRows !== undefined}
            onClick={() => session.askRows()}
          >
            {overRows ? "Effects and checks are below" : "Effects and checks over the rows"}
          </button>
        </p>
        {asking && (
          <p class="aside" role="status">
            {asking === true ? "Computing effects" : `${asking.stage}: ${Math.round(100 * asking.fraction)}%`} …
          </p>
        )}
      </section>
      <section aria-labelledby="cloud-title">
        <h2 id="cloud-title">Two parameters together</h2>
        <Cloud draws={posterior.draws} />
      </section>
      <Report parts={rest} />
    </>
  );
}

/** Of the report's parts those that stand first: the verdict and the answer. */
const answerParts = 2;

interface ReportText {
  readonly text?: string;
  readonly parts?: readonly Element[];
  readonly problem?: string;
}

/** The command's own report of the fit, drawn by a worker of its own. */
function useReport(posterior: Posterior, command: string, overRows: ReportOptions | undefined): ReportText {
  const [page, setPage] = useState<ReportText>({});
  useEffect(() => {
    const failed = (why: string) =>
      setPage((before) => ({ ...before, problem: `The report could not be made: ${why}` }));
    let end = () => {};
    let isOld = false;
    workerOf("pictures").then(
      (worker) => {
        end = () => worker.terminate();
        if (isOld) return end();
        worker.onmessage = ({ data }: MessageEvent<ReportAnswer>) => {
          end();
          if ("text" in data) setPage({ text: data.text, parts: partsOf(data.text) });
          else failed(data.problem);
        };
        worker.onerror = ({ message }) => failed(message);
        const request: ReportRequest = { posterior, options: { origin: { version, command }, ...overRows } };
        worker.postMessage(request);
      },
      ({ message }: Error) => failed(message),
    );
    return () => {
      isOld = true;
      end();
    };
  }, [posterior, command, overRows]);
  return page;
}

/** What stands in the report, whose texts are escaped; it has no scripts. */
function partsOf(text: string): readonly Element[] {
  const page = new DOMParser().parseFromString(text, "text/html");
  // What is wider than a phone is scrolled, by keys too.
  for (const [k, part] of page.querySelectorAll<HTMLElement>(".wide, figure").entries()) {
    const title = part.closest("section")?.querySelector("h2")?.textContent ?? "Part of the report";
    part.tabIndex = 0;
    part.setAttribute("role", "region");
    part.setAttribute("aria-label", `${title}, part ${k + 1}`);
  }
  return [...page.querySelectorAll(".verdict, main > *")];
}

function Report({ parts }: { parts: readonly Element[] | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (parts) place.current?.replaceChildren(...parts);
  }, [parts]);
  return (
    <div ref={place} class="report" aria-busy={parts === undefined}>
      <p class="aside">Drawing the report …</p>
    </div>
  );
}
