import { Buffer } from "node:buffer";
import type { EncodedPart } from "../design/distant/part-answers.ts";
import type { DistantParts, DistantTable, PartAnswer } from "../engine/distant-parts.ts";
import type { ReportProgress } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import {
  type Column,
  type ColumnInfo,
  type ColumnType,
  compareText,
  formatCount,
  maxLevels,
  type TableChunk,
  type TableSource,
  type TextValues,
  tooManyLevels,
} from "../table/table-source.ts";
import { digestOf } from "./part-worker-node.ts";
import { type SparkOptions, SparkSession } from "./session-node.ts";
import type { SparkSource } from "./spark-options.ts";

/**
 * Opens files, a table or a query in a session of Spark. Nothing is read of it here: `distant` has Spark's executors read it, and
 * `chunks` gives no rows.
 * @throws InputError where there is no session, or the table cannot be opened
 */
export async function openSparkTable(...opened: Parameters<typeof openSpark>): Promise<TableSource> {
  return (await openSpark(...opened)).table;
}

/** The same with the session that it is in, and what tells what is being done. */
export async function openSpark(
  source: SparkSource,
  options: Omit<SparkOptions, "onTasks">,
  onProgress?: ReportProgress,
): Promise<{ readonly session: SparkSession; readonly table: TableSource } & Pick<Telling, "tell">> {
  let doing: string | undefined;
  const session = new SparkSession({
    ...options,
    onTasks: (done, total) => {
      if (doing !== undefined) onProgress?.(doing, total > 0 ? done / total : 0);
    },
  });
  const tell = (what: string | undefined) => {
    doing = what;
    if (what !== undefined) onProgress?.(what, 0);
  };
  try {
    tell(`starting Spark on ${options.master}`);
    const { columns } = (await session.open(source)) as { columns: readonly { name: string; type: string }[] };
    const place = `Spark (${options.master})`;
    return { session, tell, table: sparkTable(session, source, columns.map(infoOf), { place, tell }) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface Telling {
  readonly place: string;
  /** What is being done, where no other part of the run says so. */
  tell(doing: string | undefined): void;
}

function sparkTable(
  session: SparkSession,
  { path, sql, table }: SparkSource,
  columns: readonly ColumnInfo[],
  { place, tell }: Telling,
): TableSource {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const known = new Map<string, TextValues>();
  const label = sql !== undefined ? "the query" : (table ?? path ?? "the data");

  async function texts(name: string): Promise<TextValues> {
    const before = known.get(name);
    if (before) return before;
    tell(`reading the levels of ${name}`);
    const { levels, ...found } = (await session.request("texts", { name, limit: maxLevels })) as FoundTexts;
    const sorted = levels.map(([text, rows]) => ({ text, rows })).sort((a, b) => compareText(a.text, b.text));
    const values = { ...found, levels: sorted };
    known.set(name, values);
    return values;
  }

  async function* chunks(names: readonly string[], whole?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    const found = new Map<string, Column>();
    for (const name of names) {
      const type = types.get(name);
      if (type === "number") found.set(name, { kind: "number", values: new Float64Array() });
      else {
        const levels = type === "boolean" ? ["false", "true"] : whole?.has(name) ? [] : await levelsOf(name);
        found.set(name, { kind: "category", codes: new Int32Array(), levels });
      }
    }
    yield { numRows: 0, columns: found };
  }

  async function levelsOf(name: string): Promise<readonly string[]> {
    const { isWhole, levels } = await texts(name);
    if (!isWhole) throw tooManyLevels(name, `more than ${formatCount(maxLevels)}`);
    return levels.map(({ text }) => text);
  }

  return {
    columns,
    label,
    texts,
    chunks,
    distant: distantTable(session, { place, tell }),
    close: () => session.close(),
  };
}

interface FoundTexts {
  readonly isWhole: boolean;
  readonly rows: number;
  readonly levels: readonly (readonly [string, number])[];
}

/** What a worker has answered, as its text says (part-worker-node.ts). */
interface Answered {
  readonly content?: unknown;
  readonly refusal?: string;
  readonly lost?: string;
}

type Answers = { readonly answers: readonly { readonly answer: string; readonly data: string }[] };

interface ReadAnswer extends PartAnswer {
  readonly lost?: string;
}

/** @throws InputError where a part refuses its rows */
function answersOf({ answers }: Answers): readonly ReadAnswer[] {
  return answers.map(({ answer, data }, part) => {
    const { content, refusal, lost } = JSON.parse(answer) as Answered;
    if (refusal !== undefined) throw new InputError(ofPart(refusal, part, answers.length));
    return { content, data: new Uint8Array(Buffer.from(data, "base64")), ...(lost !== undefined && { lost }) };
  });
}

function ofPart(refusal: string, part: number, count: number): string {
  if (!/data row/.test(refusal) || count === 1) return refusal;
  return `${refusal.replace(/\.$/, "")} (rows are counted within part ${part + 1} of ${count} of the data).`;
}

function distantTable(session: SparkSession, { place, tell }: Telling): DistantTable {
  const ask = async (name: string, content: object) => answersOf((await session.request(name, content)) as Answers);
  return {
    place,
    async read(question, columns, doing) {
      tell(doing);
      return ask("read", { asked: JSON.stringify(question), columns });
    },
    async encode(question, columns, doing) {
      const encode = () => {
        tell(doing);
        return ask("encode", { asked: JSON.stringify(question), columns });
      };
      const answers = await encode();
      return { answers, parts: new SparkParts(place, tell, { ask, encode, answers }) };
    },
  };
}

interface Asking {
  ask(name: string, content: object): Promise<readonly ReadAnswer[]>;
  encode(): Promise<readonly ReadAnswer[]>;
  readonly answers: readonly PartAnswer[];
}

/** Blocks on Spark's executors. */
class SparkParts implements DistantParts {
  /** What tells each part's rows from others. */
  private readonly digests: readonly number[];

  constructor(
    private readonly place: string,
    private readonly tell: Telling["tell"],
    private readonly asking: Asking,
  ) {
    this.digests = asking.answers.map(({ content }) => digestOf((content as EncodedPart).checksums));
  }

  async ask(question: object): Promise<readonly PartAnswer[]> {
    const asked = { asked: JSON.stringify({ ...question, digests: this.digests }) };
    this.tell(undefined);
    const answers = await this.asking.ask("ask", asked);
    if (answers.every(({ lost }) => lost === undefined)) return answers;
    // Spark knows of executors that are gone, and not of files: all parts encode their rows once more.
    await this.asking.encode();
    this.tell(undefined);
    const again = await this.asking.ask("ask", asked);
    const lost = again.find((answer) => answer.lost !== undefined)?.lost;
    if (lost === undefined) return again;
    throw new InputError(
      `Blocks of encoded rows are lost on ${this.place} again and again: ${lost.replace(/\.$/, "")}; let nothing clean Spark's local folders while a fit runs.`,
    );
  }

  remove(): void {
    this.asking.ask("ask", { asked: JSON.stringify({ kind: "remove" }) }).catch(() => {});
  }
}

const numbers = /^(tinyint|smallint|int|bigint|float|double|decimal\b.*)$/;
const times = /^(date|timestamp|timestamp_ntz)$/;
const strings = /^(string|char\b.*|varchar\b.*)/;

/** A column of Spark's type. */
function infoOf({ name, type: sourceType }: { name: string; type: string }): ColumnInfo {
  const isTime = times.test(sourceType);
  return { name, type: typeOf(sourceType, isTime), sourceType, ...(isTime && { isTime }) };
}

function typeOf(sourceType: string, isTime: boolean): ColumnType {
  if (isTime || numbers.test(sourceType)) return "number";
  if (strings.test(sourceType)) return "string";
  return sourceType === "boolean" ? "boolean" : "unsupported";
}
