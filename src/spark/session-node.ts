import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { removeTemporary, temporaryPath } from "../duckdb/files/temporaries.ts";
import { InputError } from "../errors.ts";
import type { SparkPlace, SparkSource } from "./spark-options.ts";

export interface SparkOptions extends SparkPlace {
  readonly signal?: AbortSignal;
  /** Hears how many of a job's tasks are done. */
  onTasks?(done: number, total: number): void;
}

/** What the session answers a request with. */
type Reply =
  | { readonly result: unknown }
  | { readonly refusal: string }
  | { readonly failure: string }
  | { readonly progress: readonly [number, number] };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Lines of its standard error that are kept, for where it ends. */
const keptLines = 40;
const closeMilliseconds = 10_000;

/**
 * A session of Spark in a process of Python beside this one (ornstein_driver.py), which is asked one thing after the other. It ends with
 * this process.
 */
export class SparkSession {
  private readonly child: ChildProcessWithoutNullStreams;
  /** What is sent to executors is put together here. */
  private readonly folder = temporaryPath();
  private readonly said: string[] = [];
  private waiting: Waiting | undefined;
  private ended: InputError | undefined;

  constructor(private readonly options: SparkOptions) {
    const { python = "python3", signal, master } = options;
    this.child = spawn(python, [fileOf("ornstein_driver.py")], {
      stdio: "pipe",
      env: { ...process.env, PYTHONUNBUFFERED: "1" },
    });
    this.child.on("error", ({ message }) =>
      this.end(new InputError(`${python} could not be started: ${message}; ${whatPython}`)),
    );
    this.child.on("exit", (status, killed) => {
      const last = this.said.filter((line) => line.trim() !== "").slice(-1)[0];
      const how = killed ?? `status ${status}`;
      this.end(
        new InputError(`The session of Spark on ${master} has ended (${how})${last ? `: ${last.trim()}` : ""}.`),
      );
    });
    // Of a process that has ended nothing can be written to.
    this.child.stdin.on("error", () => {});
    createInterface({ input: this.child.stdout }).on("line", (line) => this.take(JSON.parse(line)));
    createInterface({ input: this.child.stderr }).on("line", (line) => {
      this.said.push(line);
      if (this.said.length > keptLines) this.said.shift();
      if (process.env.ORNSTEIN_SPARK_LOG !== undefined) process.stderr.write(`${line}\n`);
    });
    signal?.addEventListener("abort", this.abort, { once: true });
  }

  /** Opens the session, and a table in it. */
  open(source: SparkSource): Promise<unknown> {
    const { master, conf } = this.options;
    const files = { executor: fileOf("ornstein_executor.py"), worker: fileOf("ornstein_worker.mjs") };
    mkdirSync(this.folder, { mode: 0o700 });
    if (!existsSync(files.worker))
      throw new Error("The worker for Spark's executors is made by the build: npm run build.");
    return this.request("open", { master, conf, files, folder: this.folder, source });
  }

  /** @throws InputError where Spark cannot do it; the signal's reason where it is aborted */
  request(name: string, content: object): Promise<unknown> {
    const { signal } = this.options;
    signal?.throwIfAborted();
    if (this.ended) throw this.ended;
    if (this.waiting) throw new TypeError("A session is asked one thing at a time.");
    const result = new Promise<unknown>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    this.child.stdin.write(`${JSON.stringify({ do: name, ...content })}\n`);
    return result;
  }

  /** Ends it, in whatever it is. */
  async close(): Promise<void> {
    this.options.signal?.removeEventListener("abort", this.abort);
    await this.stop();
    removeTemporary(this.folder);
  }

  private async stop(): Promise<void> {
    if (this.ended) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    const timer = setTimeout(() => this.child.kill("SIGKILL"), closeMilliseconds);
    if (this.waiting) this.child.kill("SIGKILL");
    else this.child.stdin.write(`${JSON.stringify({ do: "close" })}\n`);
    await exited;
    clearTimeout(timer);
  }

  private readonly abort = () => {
    this.child.kill("SIGKILL");
  };

  private end(error: InputError): void {
    this.ended ??= error;
    const { signal } = this.options;
    this.waiting?.reject(signal?.aborted ? signal.reason : this.ended);
    this.waiting = undefined;
  }

  private take(reply: Reply): void {
    if ("progress" in reply) {
      this.options.onTasks?.(...reply.progress);
      return;
    }
    const waiting = this.waiting;
    this.waiting = undefined;
    if ("result" in reply) waiting?.resolve(reply.result);
    else if ("refusal" in reply) waiting?.reject(new InputError(`${reply.refusal}; ${whatPython}`));
    else
      waiting?.reject(
        new InputError(`Spark on ${this.options.master} fails: ${reply.failure.replace(/[.\s]+$/, "")}.`),
      );
  }
}

const whatPython =
  "name a Python that has pyspark and pyarrow by --python, or install them: pip install pyspark pyarrow.";

/** A file of this folder, beside the sources or in the build. */
function fileOf(name: string): string {
  const places = [`./${name}`, `./spark/${name}`, `../../dist/spark/${name}`];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  return found ?? name;
}
