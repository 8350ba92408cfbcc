// Chains of constant-rate SGD. A call makes some steps of one chain; calls may be cut anywhere without changing a bit.
import { Chain, Gradient, MatrixKind } from "../layout/chain";
import { Model } from "../layout/model";
import { Double, Single } from "../layout/scratch";
import { double, paddedLength, single } from "../memory/chain-scratch";
import { dimensionOf, setSlotU32, slotU32, widthOf } from "../memory/record";
import { isSparse } from "../rows/row-side";
import { closeSingle } from "../rows/sparse-rows";
import { sumBatch } from "./chain-gradient";
import { loadGroups } from "./chain-groups";
import { isLean, leanSteps, loadLean } from "./chain-lean";
import { isVaried, moveVaried, rateAt } from "./chain-motion";
import { beginLook, endLook } from "./chain-noise";
import { addIterate, addMoments, beginInterval, endInterval, intervalEnd } from "./chain-record";
import { copyClasses } from "./chain-softmax";
import { copyToSingle, findDescent, findNoise, finishGradient, move } from "./chain-update";

/** Makes min(steps, steps that remain) steps of the chain whose record (layout.ts) stands at `chain`. */
export function runChain(chain: usize, steps: u32): void {
  const model = <usize>slotU32(chain, Chain.model);
  const scratch = <usize>slotU32(chain, Chain.scratch);
  const dimension = dimensionOf(model);
  const burnIn = slotU32(chain, Chain.burnInSteps);
  const every = max<u32>(slotU32(chain, Chain.momentEvery), 1);
  const numDraws = slotU32(chain, Chain.numDraws);
  const total = burnIn + (numDraws ? intervalEnd(chain, numDraws - 1) : 0);
  let done = slotU32(chain, Chain.stepsDone);
  if (done >= total) return;
  const last = done + min<u32>(steps, total - done);
  // With nothing to average, only draws interrupt the steps.
  const averages = slotU32(chain, Chain.intervalMeans) | slotU32(chain, Chain.moments) | slotU32(chain, Chain.coupled);
  let index: u32 = 0;
  while (done > burnIn && done - burnIn >= intervalEnd(chain, index)) index++;
  let begin = index ? intervalEnd(chain, index - 1) : 0;
  loadParameters(chain, model, scratch);
  while (done < last) {
    if (done < burnIn) {
      const count = min<u32>(burnIn, last) - done;
      makeSteps(chain, model, scratch, done, count);
      done += count;
      continue;
    }
    const end = intervalEnd(chain, index);
    let made = done - burnIn;
    if (made === begin) beginInterval(chain, scratch, dimension, index);
    const pause = averages ? min<u32>(every - (made % every), end - made) : end - made;
    const count = min<u32>(pause, last - done);
    makeSteps(chain, model, scratch, done, count);
    done += count;
    made += count;
    if (made % every === 0) addIterate(chain, model, scratch, index, rateAt(chain, done - 1));
    if (made !== end) continue;
    endInterval(chain, model, scratch, index);
    begin = end;
    index++;
    setSlotU32(chain, Chain.stepsDone, done);
  }
  const width = widthOf(model);
  if (done === total && slotU32(chain, Chain.moments)) addMoments(chain, scratch, width, <usize>dimension << 3);
  memory.copy(slotU32(chain, Chain.position), double(scratch, width, Double.position), <usize>dimension << 3);
  setSlotU32(chain, Chain.stepsDone, done);
}

/** Makes steps t = first, first + 1, …, with nothing to record in between. */
export function makeSteps(chain: usize, model: usize, scratch: usize, first: u32, count: u32): void {
  if (isLean(chain, model)) {
    leanSteps(chain, model, scratch, count);
    return;
  }
  const varied = isVaried(chain);
  for (let t = first; t < first + count; t++) {
    beginLook(chain, scratch, t);
    if (slotU32(chain, Chain.batchSize)) sumBatch(chain, model, scratch);
    endLook(chain, model, scratch);
    finishGradient(chain, model, scratch);
    findDescent(chain, model, scratch);
    if (slotU32(chain, Chain.noiseKind) !== MatrixKind.none) findNoise(chain, model, scratch);
    if (varied) moveVaried(chain, model, scratch, rateAt(chain, t));
    else move(chain, model, scratch);
    copyToSingle(chain, model, scratch);
  }
}

/** Copies the parameters into padded scratch and works out what stays the same during a call. */
function loadParameters(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const dimension = dimensionOf(model);
  const bytes = <usize>dimension << 3;
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  // Everything up to the moment buffer is made anew; padding is zero.
  memory.fill(position, 0, <usize>(paddedLength(width) * Double.moments) << 3);
  memory.copy(position, slotU32(chain, Chain.position), bytes);
  memory.copy(center, slotU32(chain, Chain.center), bytes);
  if (slotU32(chain, Chain.gradient) === Gradient.minibatch) {
    loadPrior(model, double(scratch, width, Double.priorScale), double(scratch, width, Double.priorShift), dimension);
  } else {
    // A normal prior's gradient is linear, so its residual is zero.
    const copy = single(scratch, width, Single.center);
    memory.fill(copy, 0, <usize>width << 2);
    copyClasses(center, 0, copy, slotU32(model, Model.numColumns), slotU32(model, Model.paddedColumns), slotU32(model, Model.numPredictors));
    if (isSparse(model)) closeSingle(model, copy);
  }
  copyToSingle(chain, model, scratch);
  if (slotU32(model, Model.groups)) loadGroups(chain, model, scratch);
  if (isLean(chain, model)) loadLean(chain, model, scratch);
}

function loadPrior(model: usize, scale: usize, shift: usize, dimension: u32): void {
  const perRow = 1.0 / <f64>slotU32(model, Model.wholeRows);
  const precision = <usize>slotU32(model, Model.priorPrecision);
  const mean = <usize>slotU32(model, Model.priorMean);
  for (let at: usize = 0; at < <usize>dimension << 3; at += 8) {
    const share = load<f64>(precision + at) * perRow;
    store<f64>(scale + at, share);
    store<f64>(shift + at, share * load<f64>(mean + at));
  }
}
