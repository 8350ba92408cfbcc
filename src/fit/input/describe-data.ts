import type { DataSummary } from "../../design/data-summary.ts";
import type { Design } from "../../design/design-types.ts";
import { viewRows } from "../../engine/bindings/row-view.ts";
import type { BlockStore } from "../../engine/block-store.ts";
import { probabilityOf } from "../../formula/event.ts";
import { dataRowsOf } from "../../models/group-model.ts";
import type { Model } from "../../models/model.ts";
import { combine, type Moments, momentsOf } from "../../table/moments.ts";

export function describeData(design: Design, model: Model): DataSummary {
  const { numRows, cells, droppedRows, zeroWeightRows, weightedBy, columns, target, sparse, blocks } = design;
  const { levels = [], event } = target;
  const { hasReference } = model;
  return {
    rows: cells?.rows ?? numRows,
    ...(cells && { cells: numRows }),
    droppedRows,
    ...(zeroWeightRows > 0 && { zeroWeightRows }),
    ...(weightedBy !== undefined && { weights: weightedBy }),
    columns: columns.length,
    ...(sparse && { nonZeros: sparse.nonZeros }),
    ...(blocks && { blocks: blocksOf(blocks) }),
    target: target.name,
    ...(!blocks && targetMoments(design, model)),
    ...(event !== undefined && { event: levels[1], modelled: probabilityOf(event) }),
    ...(target.kind === "classes" && { classes: levels, ...(hasReference && { referenceClass: levels[0] }) }),
  };
}

function blocksOf({ numBlocks, numRows, stride, distant, folder }: BlockStore): DataSummary["blocks"] {
  return { count: numBlocks, bytes: 4 * numRows * stride, ...(distant && { place: folder }) };
}

/** The target of each row of the fit, in the table's order. */
export function observedTarget(design: Design, model: Model): Float64Array {
  const observed = new Float64Array(design.numRows);
  visitTargets(design, model, (value, n) => {
    observed[design.rowOrder?.[n] ?? n] = value;
  });
  return observed;
}

const blockLength = 4096;

function targetMoments(design: Design, model: Model): { readonly targetMean: number; readonly targetSd: number } {
  const block = new Float64Array(blockLength);
  let all: Moments = { count: 0, mean: 0, squares: 0 };
  const { cells } = design;
  visitTargets(design, model, (value, n) => {
    if (cells) {
      all = combine(all, { count: cells.counts[n], mean: value, squares: 0 });
      return;
    }
    block[n % blockLength] = value;
    const count = (n % blockLength) + 1;
    if (count === blockLength || n === design.numRows - 1) all = combine(all, momentsOf(block.subarray(0, count)));
  });
  return { targetMean: all.mean, targetSd: Math.sqrt(all.squares / all.count) };
}

function visitTargets({ target, numRows }: Design, model: Model, visit: (value: number, n: number) => void): void {
  const { memory, rows } = dataRowsOf(model);
  const view = viewRows(memory, rows);
  for (let n = 0; n < numRows; n++) {
    view.moveTo(n);
    visit(target.mean + target.scale * view.target(), n);
  }
}
