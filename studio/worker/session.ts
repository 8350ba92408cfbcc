import { createInlineEngine } from "../../src/engine/engine.ts";
import type { ProgressListener } from "../../src/engine/progress.ts";
import { InputError } from "../../src/errors.ts";
import { families } from "../../src/families/families.ts";
import { effects } from "../../src/fit/ask-effects.ts";
import { fitWithEngine } from "../../src/fit/fit.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { predict } from "../../src/fit/predict.ts";
import { parseFormula } from "../../src/formula/formula.ts";
import { functions } from "../../src/formula/functions.ts";
import { exportFit } from "../../src/persistence/portable-fit.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { summaryOf } from "./column-summary.ts";
import { createEngine } from "./engine.ts";
import type { Calls, RunningDraws } from "./protocol.ts";
import { runningDraws } from "./running.ts";
import { openDropped, openGiven, openInPage, type StudioTable } from "./tables.ts";

/** Who is told how a run goes. */
export interface Listening {
  readonly onProgress: ProgressListener;
  readonly onRunning: (running: RunningDraws) => void;
}

type Handlers = { readonly [Name in keyof Calls]: (given: Calls[Name]["given"]) => Promise<Calls[Name]["result"]> };

/** What the worker does for the page: one table and its last fit. */
export function createSession({ onProgress, onRunning }: Listening): Handlers {
  let table: StudioTable | undefined;
  let posterior: Posterior | undefined;
  let running: AbortController | undefined;

  const opened = () => {
    if (!table) throw new InputError("There is no table; open a file first.");
    return table;
  };
  const fitted = () => {
    if (!posterior) throw new InputError("There is no fit yet.");
    return posterior;
  };
  let openings = 0;
  /** Opens a table in the place of the last, unless another is asked for meanwhile. */
  const open = async (opening: Promise<StudioTable | undefined>) => {
    const own = ++openings;
    const next = await opening;
    if (!next) return null;
    if (own !== openings) {
      await next.source.close?.();
      throw new InputError("Another table was opened meanwhile.");
    }
    const before = table;
    table = next;
    posterior = undefined;
    await before?.source.close?.();
    return next.about;
  };

  return {
    async openFile({ file, server }) {
      await requireReadable(file);
      return (await open(server ? openDropped(file, server) : openInPage(file)))!;
    },
    openGiven: (server) => open(openGiven(server)),
    choices: async () => ({
      families: Object.keys(families),
      samplers: samplers.map(({ name, summary }) => ({ name, summary })),
      functions: Object.keys(functions),
    }),
    async summary(name) {
      const { about, column } = opened();
      const info = about.columns.find((own) => own.name === name)!;
      return summaryOf(info, await column(name));
    },
    async check(formula) {
      try {
        parseFormula(formula);
        return null;
      } catch (error) {
        if (error instanceof InputError) return error.message;
        throw error;
      }
    },
    async fit({ formula, options }) {
      const { source } = opened();
      running?.abort(new InputError("Another fit was started."));
      const controller = new AbortController();
      running = controller;
      const engine = await createEngine();
      const started = performance.now();
      try {
        posterior = await fitWithEngine(
          { data: source, formula },
          { ...options, signal: controller.signal, onProgress, onDraws: (soFar) => onRunning(runningDraws(soFar)) },
          engine,
        );
        const seconds = (performance.now() - started) / 1000;
        return { posterior: { ...posterior }, seconds, threads: engine.executor.threads };
      } finally {
        await engine.executor.close();
        if (running === controller) running = undefined;
      }
    },
    async fitColumns({ data, formula, options }) {
      const engine = await createInlineEngine();
      return { ...(await fitWithEngine({ data, formula }, options, engine)) };
    },
    async stop() {
      running?.abort(new InputError("The fit was stopped."));
      return null;
    },
    async overRows(options) {
      const { source } = opened();
      const asked = { ...options, onProgress };
      return {
        effects: await effects(fitted(), asked, source),
        prediction: await predict(fitted(), source, { onProgress }),
      };
    },
    portable: async () => exportFit(fitted()),
  };
}

/** @throws InputError of a folder, or a file that is gone or may not be read */
async function requireReadable(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new InputError(`${file.name} cannot be read: it is a folder, or gone, or not permitted.`);
  }
}
