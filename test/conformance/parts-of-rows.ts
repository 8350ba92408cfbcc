import {
  type EncodeQuestion,
  encodePart,
  type PolynomialQuestion,
  polynomialsOf,
  type StatisticsQuestion,
  statisticsOf,
} from "../../src/design/distant/part-answers.ts";
import { type BlockFiles, type BlockStore, rowsIn } from "../../src/engine/block-store.ts";
import type { DistantParts, PartAnswer } from "../../src/engine/distant-parts.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { overRowsInMemory } from "../../src/models/create-model.ts";
import type { Model, ModelBlocks } from "../../src/models/model.ts";
import { answerFromBlocks } from "../../src/rows/distant/answer-rows.ts";
import type { RowQuestion } from "../../src/rows/distant/questions.ts";
import type { Column, TableChunk, TableSource } from "../../src/table/table-source.ts";
import { overStore, storeOf } from "./blocks-of-rows.ts";

// Parts of rows that are asked as those on other machines are, in this process.

/** As it arrives by wire. */
const sent = <Content>(content: Content): Content => JSON.parse(JSON.stringify(content));

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** What answers from the blocks of each part. */
function partsOver(engine: Engine, stores: readonly BlockStore[]): DistantParts {
  const { executor, memory } = engine;
  const workspace = { executor, counter: { rowsVisited: 0 } };
  return {
    async ask(question) {
      const answers: PartAnswer[] = [];
      for (const [part, store] of stores.entries()) {
        const { content, data } = await answerFromBlocks(workspace, memory, store, part, sent(question) as RowQuestion);
        answers.push({ content: sent(content), data: bytesOf(data) });
      }
      return answers;
    },
    remove() {},
  };
}

/** The same model over its rows in parts of so many blocks, the last but one of them empty. */
export async function inPartsOf(
  files: BlockFiles,
  engine: Engine,
  model: Model,
  { rowsOfBlock, blocksOfPart }: { readonly rowsOfBlock: number; readonly blocksOfPart: number },
): Promise<Model & { readonly blocks: ModelBlocks }> {
  const { numRows, stride: ofRow, address, sparse } = model.rows;
  const whole = await storeOf(files, model, rowsOfBlock);
  const size = rowsOfBlock * blocksOfPart;
  const starts = Array.from({ length: Math.ceil(numRows / size) }, (_, k) => k * size);
  const ranges = starts.map((from) => [from, Math.min(numRows, from + size)] as const);
  ranges.splice(-1, 0, [numRows, numRows]);
  const stores: BlockStore[] = [];
  for (const [from, to] of ranges) {
    // Of sparse rows the table of their addresses is cut.
    const rows = { ...model.rows, address: address + 4 * from * (sparse ? 1 : ofRow), numRows: to - from };
    stores.push(await storeOf(files, overRowsInMemory(model, rows), rowsOfBlock, sparse && whole.stride));
  }
  const distant = { parts: partsOver(engine, stores), rowsOfParts: stores.map((store) => store.numRows) };
  const { stride, rowsOfBlock: own, sampleRows, numBlocks, summary, checksums, folder, memoryBytes } = whole;
  const store: BlockStore = {
    ...{ numRows, stride, rowsOfBlock: own, sampleRows, numBlocks, summary, checksums, folder, memoryBytes, distant },
    read: () => Promise.reject(new Error("Rows elsewhere are not read from here.")),
    readSample: (target) => whole.readSample(target),
    remove() {},
  };
  return overStore(model, store);
}

/** The same table, read in parts that begin at these rows. */
export async function tableInParts(table: TableSource, starts: readonly number[]): Promise<TableSource> {
  const engine = await createInlineEngine();
  const total = table.numRows!;
  const parts = starts.map((from, k) => partOf(table, from, starts[k + 1] ?? total));
  const ask = async (answer: (part: number) => Promise<unknown>) => {
    const answers: PartAnswer[] = [];
    for (const part of parts.keys()) answers.push({ content: sent(await answer(part)), data: new Uint8Array() });
    return answers;
  };
  async function* noRows(names: readonly string[], texts?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    yield* partOf(table, 0, 0).chunks(names, texts);
  }
  return {
    ...table,
    survey: undefined,
    chunks: noRows,
    distant: {
      place: "parts of a test",
      read: (question) =>
        ask((part) => {
          const asked = sent(question) as StatisticsQuestion | PolynomialQuestion;
          return asked.kind === "statistics" ? statisticsOf(parts[part], asked) : polynomialsOf(parts[part], asked);
        }),
      async encode(question) {
        const stores: BlockStore[] = [];
        const answers = await ask(async (part) => {
          const asked = sent(question) as EncodeQuestion;
          const { store, encoded } = await encodePart(parts[part], asked, part, async (shape) => inMemory(shape));
          stores.push(store);
          return encoded;
        });
        return { answers, parts: partsOver(engine, stores) };
      },
    },
  };
}

/** Some of a table's rows, in chunks of 100. */
function partOf(table: TableSource, from: number, to: number): TableSource {
  async function* chunks(names: readonly string[], texts?: ReadonlySet<string>): AsyncGenerator<TableChunk> {
    let first = 0;
    let isEmpty = true;
    for await (const chunk of table.chunks(names, texts)) {
      const [start, end] = [Math.max(from - first, 0), Math.min(to - first, chunk.numRows)];
      for (let at = start; at < end; at += 100) {
        yield slice(chunk, at, Math.min(at + 100, end));
        isEmpty = false;
      }
      if (from === to && isEmpty) {
        yield slice(chunk, 0, 0);
        isEmpty = false;
      }
      first += chunk.numRows;
    }
  }
  return { columns: table.columns, chunks };
}

function slice({ columns }: TableChunk, from: number, to: number): TableChunk {
  const cut = (column: Column): Column =>
    column.kind === "number"
      ? { ...column, values: column.values.slice(from, to) }
      : { ...column, codes: column.codes.slice(from, to) };
  return { numRows: to - from, columns: new Map([...columns].map(([name, column]) => [name, cut(column)])) };
}

function inMemory(shape: Parameters<BlockFiles["create"]>[0]): Awaited<ReturnType<BlockFiles["create"]>> {
  const blocks = new Map<number, Float32Array>();
  return {
    async write(block, rows) {
      blocks.set(block, rows.slice());
    },
    async finish(_, summary): Promise<BlockStore> {
      const numBlocks = Math.ceil(shape.numRows / shape.rowsOfBlock);
      return {
        ...shape,
        numBlocks,
        summary,
        checksums: Uint32Array.from({ length: numBlocks }, (_, block) => block),
        folder: "memory",
        memoryBytes: 2 ** 26,
        async read(block, target) {
          const rows = blocks.get(block)!;
          if (rows.length !== rowsIn(shape, block) * shape.stride) throw new Error("A block has other rows.");
          target.set(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
        },
        readSample: () => Promise.reject(new Error("A part has no sample.")),
        remove() {},
      };
    },
    abandon() {},
  };
}
