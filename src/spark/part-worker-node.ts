import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FolderStore, FolderWriter } from "../blocks/block-folder-node.ts";
import {
  type EncodeQuestion,
  encodePart,
  type PolynomialQuestion,
  polynomialsOf,
  type StatisticsQuestion,
  statisticsOf,
} from "../design/distant/part-answers.ts";
import type { BlockShape, BlockStore, BlockSummary } from "../engine/block-store.ts";
import type { DistantColumn } from "../engine/distant-parts.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import type { PredictionSettings } from "../options/predict-options.ts";
import { predictStream } from "../prediction/predict.ts";
import { answerFromBlocks } from "../rows/distant/answer-rows.ts";
import type { RowQuestion } from "../rows/distant/questions.ts";
import type { ColumnInfo } from "../table/table-source.ts";
import { framedTable } from "./framed-table.ts";
import type { Frame } from "./frames.ts";
import { fitOf, type PlainFit } from "./plain-fit.ts";

/** Where a part's blocks are, as they are known everywhere. */
export interface PlacedPart {
  readonly path: string;
  readonly identity: string;
  readonly shape: BlockShape;
  readonly summary: BlockSummary;
  readonly checksums: readonly number[];
}

/** Has a part predict its rows: an answer follows for each of its frames of rows, whose bytes are f64 column after column. */
export interface PredictQuestion {
  readonly kind: "predict";
  readonly columns: readonly ColumnInfo[];
  readonly fit: PlainFit;
  readonly options: PredictionSettings;
}

/** A question to one part: of its rows, which follow in frames, or of the blocks that it has. */
export interface PartQuestion {
  readonly part: number;
  readonly question:
    | StatisticsQuestion
    | PolynomialQuestion
    | EncodeQuestion
    | PredictQuestion
    | ((RowQuestion | { readonly kind: "remove" }) & { readonly digests?: readonly number[] });
  /** The folder for blocks. */
  readonly folder?: string;
  readonly columns?: readonly DistantColumn[];
  readonly place?: PlacedPart;
}

/** An answer; or why there is none: an input that cannot be used, or blocks that are no longer there. */
export interface PartReply {
  readonly content?: unknown;
  readonly refusal?: string;
  readonly lost?: string;
  readonly data?: ArrayBufferView<ArrayBuffer>;
}

/** CRC-32 of a part's checksums: what tells its rows from others. */
export function digestOf(checksums: readonly number[]): number {
  return crc32(new Uint8Array(Uint32Array.from(checksums).buffer));
}

/** Bytes of memory that blocks are read into. */
const memoryBytes = 2 ** 28;

/** Answers questions to parts, one after the other, on one thread. */
export class PartWorker {
  private constructor(private readonly engine: Engine) {}

  static async create(): Promise<PartWorker> {
    return new PartWorker(await createInlineEngine());
  }

  /**
   * The answers: one, or of predictions one for each frame of rows.
   * @param frames where the rows of the part come from, where it is asked of them
   */
  async *replies(asked: PartQuestion, frames: AsyncIterator<Frame>): AsyncGenerator<PartReply> {
    const { part, question, columns } = asked;
    if (question.kind === "predict") yield* predictions(question, part, columns ?? [], frames);
    else yield this.reply(asked, question, frames);
  }

  private async reply(
    asked: PartQuestion,
    question: Exclude<PartQuestion["question"], PredictQuestion>,
    frames: AsyncIterator<Frame>,
  ): Promise<PartReply> {
    const { part, place } = asked;
    if (question.kind === "statistics" || question.kind === "polynomials" || question.kind === "encode")
      return this.replyOfRows(asked, question, frames);
    if (!place) throw new TypeError("A question of blocks says where they are.");
    if (question.kind === "remove") {
      rmSync(place.path, { recursive: true, force: true });
      return { content: null };
    }
    if (question.digests && question.digests[part] !== digestOf(place.checksums)) return { refusal: otherRows };
    return this.replyOfBlocks(part, question, place);
  }

  private async replyOfRows(
    { part, folder, columns }: PartQuestion,
    question: StatisticsQuestion | PolynomialQuestion | EncodeQuestion,
    frames: AsyncIterator<Frame>,
  ): Promise<PartReply> {
    const table = framedTable(question.plan.columns, columns ?? [], frames);
    try {
      if (question.kind === "statistics") return { content: await statisticsOf(table, question) };
      if (question.kind === "polynomials") return { content: await polynomialsOf(table, question) };
      if (folder === undefined) throw new TypeError("Blocks need a folder.");
      const path = join(folder, `ornstein-${randomBytes(8).toString("hex")}.blocks`);
      const identity = randomBytes(32).toString("hex");
      const { store, encoded } = await encodePart(table, question, part, async (shape) => {
        mkdirSync(path, { recursive: true, mode: 0o700 });
        return new FolderWriter({ path, identity, memoryBytes }, shape);
      });
      const { numRows, stride, rowsOfBlock, sampleRows, summary, checksums } = store;
      const shape = { numRows, stride, rowsOfBlock, sampleRows };
      const placed: PlacedPart = { path, identity, shape, summary, checksums: [...checksums] };
      return { content: { ...encoded, place: placed } };
    } catch (error) {
      if (error instanceof InputError) return { refusal: error.message };
      throw error;
    } finally {
      await table.drain();
    }
  }

  private async replyOfBlocks(part: number, question: RowQuestion, place: PlacedPart): Promise<PartReply> {
    if (!existsSync(place.path)) return { lost: `${place.path} is not there` };
    const store = openPart(place);
    const { executor, memory } = this.engine;
    const workspace = { executor, counter: { rowsVisited: 0 } };
    try {
      return await answerFromBlocks(workspace, memory, store, part, question);
    } catch (error) {
      if (error instanceof InputError) return { lost: error.message };
      throw error;
    }
  }
}

/** Predictions of a part's rows, frame by frame. */
async function* predictions(
  { columns: infos, fit, options }: PredictQuestion,
  part: number,
  columns: readonly DistantColumn[],
  frames: AsyncIterator<Frame>,
): AsyncGenerator<PartReply> {
  const table = framedTable(infos, columns, frames);
  let hasRows = false;
  try {
    for await (const { columns: predicted } of predictStream(fitOf(fit), table, options, part).chunks()) {
      hasRows = true;
      const values = Object.values(predicted);
      const texts = values.filter((column) => Array.isArray(column));
      const numbers = values.filter((column): column is Float64Array => !Array.isArray(column));
      const data = new Float64Array(numbers.reduce((sum, column) => sum + column.length, 0));
      let at = 0;
      for (const column of numbers) {
        data.set(column, at);
        at += column.length;
      }
      yield { content: { texts }, data };
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // A part may have no rows.
    if (hasRows || !table.isAtEnd()) yield { refusal: error.message };
  } finally {
    await table.drain();
  }
}

const otherRows =
  "A part of the rows was lost and read again, and its rows are not the same: the data changed, or the query gives other rows each time; write its result to files first, and fit these.";

function openPart({ path, identity, shape, summary, checksums }: PlacedPart): BlockStore {
  const known = { summary, checksums: Uint32Array.from(checksums) };
  return new FolderStore({ path, identity, memoryBytes }, shape, known);
}
