import { Client, Problem, serverOfPage } from "./client.ts";
import { commandOf } from "./command-line.ts";
import { type Fields, nothing, optionsOf, type State } from "./state.ts";
import type { OpenTable } from "./worker/protocol.ts";

/** What people do, and what comes of it. */
export class Session {
  state: State = nothing;
  private listener: (state: State) => void = () => {};
  private readonly server = serverOfPage();
  /** Of the table that was asked for last, so that answers on the one before are not taken for it. */
  private openCount = 0;
  private begun: Client | undefined;

  constructor() {
    const { server } = this;
    if (server) this.open("the table", () => this.client.call("openGiven", server));
  }

  /** Begun when it is first needed: its script is most of what the page loads. */
  private get client(): Client {
    if (this.begun) return this.begun;
    this.begun = new Client({
      onProgress: (progress) => {
        if (this.state.run) this.change({ run: { ...this.state.run, progress } });
        else if (this.state.asking) this.change({ asking: progress });
      },
      onRunning: (running) => this.state.run && this.change({ run: { ...this.state.run, running } }),
    });
    this.begun.call("choices", null).then((choices) => this.change({ choices }), this.tell("data"));
    return this.begun;
  }

  watch(listener: (state: State) => void): () => void {
    this.listener = listener;
    listener(this.state);
    return () => {
      this.listener = () => {};
    };
  }

  openFile(file: File): void {
    this.open(file.name, () => this.client.call("openFile", { file, server: this.server }));
  }

  setFormula(formula: string): void {
    this.change({ formula });
    this.client.call("check", formula).then((problem) => {
      if (this.state.formula === formula) this.change({ formulaProblem: problem ?? undefined });
    }, this.tell("model"));
  }

  setField(name: keyof Fields, value: string): void {
    this.change({ fields: { ...this.state.fields, [name]: value } });
  }

  async fit(): Promise<void> {
    const { table, formula, fields, run } = this.state;
    if (!table || run) return;
    const options = optionsOf(fields);
    this.change({ run: { isStopping: false }, result: undefined, problem: undefined });
    try {
      const fit = await this.client.call("fit", { formula, options });
      this.change({ run: undefined, result: { fit, command: commandOf(table, formula, options) } });
    } catch (error) {
      this.change({ run: undefined });
      this.tell("model")(error);
    }
  }

  stop(): void {
    if (!this.state.run) return;
    this.change({ run: { ...this.state.run, isStopping: true } });
    this.client.call("stop", null).catch(this.tell("model"));
  }

  /** Effects of every column averaged over the rows, and how well the rows are predicted. */
  async askRows(): Promise<void> {
    const { result, asking } = this.state;
    if (!result || asking) return;
    this.change({ asking: true, problem: undefined });
    try {
      const overRows = await this.client.call("overRows", { kind: "comparisons" });
      if (this.state.result === result) this.change({ result: { ...result, overRows } });
    } catch (error) {
      this.tell("result")(error);
    } finally {
      this.change({ asking: undefined });
    }
  }

  portable(): Promise<Uint8Array> {
    return this.client.call("portable", null);
  }

  private async open(opening: string, ask: () => Promise<OpenTable | null>): Promise<void> {
    if (this.state.run) this.stop();
    const count = ++this.openCount;
    this.change({ opening, problem: undefined });
    try {
      const table = await ask();
      // Another was opened meanwhile.
      if (!table || count !== this.openCount) return;
      const { choices } = this.state;
      this.change({ ...nothing, choices, table, result: undefined, formulaProblem: undefined });
      this.summarise(table, count);
    } catch (error) {
      this.tell("data")(error);
    } finally {
      if (count === this.openCount) this.change({ opening: undefined });
    }
  }

  /** Column by column, so that the first ones are there soon. */
  private async summarise(table: OpenTable, count: number): Promise<void> {
    for (const { name, type } of table.columns) {
      if (type === "unsupported") continue;
      try {
        const summary = await this.client.call("summary", name);
        if (this.openCount !== count) return;
        this.change({ summaries: { ...this.state.summaries, [name]: summary } });
      } catch (error) {
        if (this.openCount !== count) return;
        const why = (error as Error).message;
        this.change({ summaries: { ...this.state.summaries, [name]: { name, missing: 0, bars: [], range: "", why } } });
      }
    }
  }

  private tell(where: NonNullable<State["problem"]>["where"]): (error: unknown) => void {
    return (error) => {
      const text =
        error instanceof Problem ? error.message : `Something unforeseen went wrong: ${(error as Error).message}`;
      this.change({ problem: { where, text } });
    };
  }

  private change(part: Partial<State>): void {
    this.state = { ...this.state, ...part };
    this.listener(this.state);
  }
}
