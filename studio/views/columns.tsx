import { quoteName } from "../../src/formula/formula-text.ts";
import { withTarget, withTerm } from "../formula-edits.ts";
import type { Session } from "../session.ts";
import type { State } from "../state.ts";
import type { ColumnSummary } from "../worker/protocol.ts";
import { Scrolled } from "./scrolled.tsx";

interface Given {
  readonly state: State;
  readonly session: Session;
}

/** Each column with its type, a histogram, and what it can do in the formula. */
export function Columns({ state: { table, summaries, formula }, session }: Given) {
  return (
    <Scrolled label="Columns of the table">
      <table class="columns">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col">Values</th>
            <th scope="col">Range</th>
            <th scope="col">Missing</th>
            <th scope="col">In the formula</th>
          </tr>
        </thead>
        <tbody>
          {table!.columns.map(({ name, type, isTime, refusal }) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>{isTime ? "time" : type === "string" ? "text" : type}</td>
              {type === "unsupported" || summaries[name]?.why ? (
                <td colSpan={4} class="refusal">
                  {summaries[name]?.why ?? refusal ?? "A type that no formula can use."}
                </td>
              ) : (
                <>
                  <td>
                    <Histogram summary={summaries[name]} />
                  </td>
                  <td>{summaries[name]?.range ?? "…"}</td>
                  <td>{summaries[name]?.missing.toLocaleString("en") ?? "…"}</td>
                  <td>
                    <div class="uses">
                      <button
                        type="button"
                        class="plain"
                        onClick={() => session.setFormula(withTarget(formula, quoteName(name)))}
                      >
                        Explain<span class="unseen"> {name}</span>
                      </button>
                      <button
                        type="button"
                        class="plain"
                        onClick={() => session.setFormula(withTerm(formula, quoteName(name)))}
                      >
                        Add<span class="unseen"> {name}</span>
                      </button>
                    </div>
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  );
}

const width = 120;
const height = 28;

function Histogram({ summary }: { summary: ColumnSummary | undefined }) {
  const bars = summary?.bars ?? [];
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const step = width / Math.max(bars.length, 1);
  const spoken = bars.map(({ label, count }) => `${label}: ${count.toLocaleString("en")}`).join("; ");
  return (
    <svg
      class="bars"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={spoken || "being read"}
    >
      {bars.map(({ label, count }, k) => (
        <rect
          key={label}
          x={k * step + 0.5}
          width={Math.max(1, step - 1)}
          y={height - (height * count) / most}
          height={(height * count) / most}
        >
          <title>{`${label}: ${count.toLocaleString("en")}`}</title>
        </rect>
      ))}
    </svg>
  );
}
