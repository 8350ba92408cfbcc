// Reading and writing the 8-byte slots of the records in layout.ts.

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
