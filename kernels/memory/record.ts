// Reading and writing the 8-byte slots of the records in layout/, and sizes that follow from a model.
import { Groups } from "../layout/groups";
import { Model } from "../layout/model";

// @ts-ignore: decorator
@inline
export function slotU32(record: usize, slot: i32): u32 {
  return load<u32>(record + (<usize>slot << 3));
}

// @ts-ignore: decorator
@inline
export function slotF64(record: usize, slot: i32): f64 {
  return load<f64>(record + (<usize>slot << 3));
}

// @ts-ignore: decorator
@inline
export function setSlotU32(record: usize, slot: i32, value: u32): void {
  store<u32>(record + (<usize>slot << 3), value);
}

/**
 * The padded columns of all linear predictors: the f32 copies of θ have one after the other, each padded. The f64 arrays
 * hold M entries side by side, which are no more. Called `columns` where there can be one predictor only.
 */
// @ts-ignore: decorator
@inline
export function widthOf(model: usize): u32 {
  return slotU32(model, Model.paddedColumns) * slotU32(model, Model.numPredictors);
}

/** M */
// @ts-ignore: decorator
@inline
export function dimensionOf(model: usize): u32 {
  const groups = <usize>slotU32(model, Model.groups);
  const ofGroups = groups ? slotU32(groups, Groups.numParameters) : 0;
  return slotU32(model, Model.numColumns) * slotU32(model, Model.numPredictors) + slotU32(model, Model.auxiliary) + ofGroups;
}
