import { buildDesign } from "../../src/design/design.ts";
import { openTable } from "../../src/duckdb/source.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { parseFormula } from "../../src/formula/formula.ts";
import { type RowBlock, rowBlockOf } from "../../src/models/model.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { readIdxBytes } from "./idx-files.ts";

/** Rows of two sets with the same columns, the class in the target's place, in the engine's memory. */
export interface ClassificationRows {
  readonly name: string;
  readonly training: RowBlock;
  readonly validation: RowBlock;
  /** K */
  readonly classes: number;
  readonly interceptColumn: number;
}

/** MNIST: 784 pixels over 255 and an intercept; 60,000 rows to learn from, the 10,000 test rows to validate. */
export async function readMnist(find: (file: string) => string, { memory }: Engine): Promise<ClassificationRows> {
  const read = async (set: string): Promise<RowBlock> => {
    const { shape, values } = await readIdxBytes(find(`mnist/${set}-images-idx3-ubyte.gz`));
    const labels = (await readIdxBytes(find(`mnist/${set}-labels-idx1-ubyte.gz`))).values;
    const numRows = shape[0];
    const pixels = shape[1] * shape[2];
    const stride = Math.ceil((pixels + 2) / 8) * 8;
    const address = memory.allocate(numRows * stride * 4, 64);
    const rows = memory.f32(address, numRows * stride).fill(0);
    for (let n = 0; n < numRows; n++) {
      for (let j = 0; j < pixels; j++) rows[n * stride + j] = values[n * pixels + j] / 255;
      rows[n * stride + pixels] = 1;
      rows[n * stride + stride - 1] = labels[n];
    }
    const numColumns = pixels + 1;
    const paddedColumns = Math.ceil(numColumns / 8) * 8;
    return { address, numRows, numColumns, paddedColumns, stride, hasOffset: false, hasWeights: false };
  };
  const training = await read("train");
  return {
    name: "MNIST",
    training,
    validation: await read("t10k"),
    classes: 10,
    interceptColumn: training.numColumns - 1,
  };
}

/** Covertype: 54 columns, standardised over all rows, and an intercept; four fifths of the rows, drawn, to learn from. */
export async function readCovertype(find: (file: string) => string, { memory }: Engine): Promise<ClassificationRows> {
  const table = await openTable({ path: find("covertype/covertype-7class-sample.parquet") });
  let address = 0;
  const store = {
    allocateRows(numRows: number, stride: number) {
      address = memory.allocate(numRows * stride * 4, 64);
      return memory.f32(address, numRows * stride);
    },
  };
  try {
    const design = await buildDesign(table, parseFormula("Cover_Type ~ ."), { family: "categorical", memory: store });
    const { numRows, stride, columns } = design;
    shuffleRows(memory.f32(address, numRows * stride), stride);
    const block = rowBlockOf(design, address);
    const trainingRows = Math.round(0.8 * numRows);
    const training = { ...block, numRows: trainingRows };
    const validation = { ...block, address: address + 4 * stride * trainingRows, numRows: numRows - trainingRows };
    const interceptColumn = columns.findIndex(({ isIntercept }) => isIntercept);
    return { name: "Covertype", training, validation, classes: 7, interceptColumn };
  } finally {
    await table.close?.();
  }
}

/** Fisher–Yates, always with the same seed, so that the split is the same. */
function shuffleRows(rows: Float32Array, stride: number): void {
  const random = createRandom(1, 0, 8);
  for (let n = rows.length / stride - 1; n > 0; n--) {
    const other = Math.floor(random.uniform() * (n + 1));
    const kept = rows.slice(n * stride, (n + 1) * stride);
    rows.copyWithin(n * stride, other * stride, (other + 1) * stride);
    rows.set(kept, other * stride);
  }
}
