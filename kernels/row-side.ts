// Where the numbers stand that a row has besides its columns: bytes from the row's address.
import { Model } from "./layout";
import { slotU32 } from "./record";

// @ts-ignore: decorator
@inline
export function targetAt(model: usize): u32 {
  return (slotU32(model, Model.stride) << 2) - 4;
}

// @ts-ignore: decorator
@inline
export function offsetAt(model: usize): u32 {
  return (slotU32(model, Model.stride) << 2) - 8;
}

// @ts-ignore: decorator
@inline
export function weightAt(model: usize): u32 {
  return (slotU32(model, Model.stride) << 2) - 12;
}
