import { twoDigits } from "../../wording.ts";

export { percent } from "../../wording.ts";

/** A divergence in nats; a value too small to matter is written as such. */
export function nats(value: number): string {
  return value < 1e-4 ? "less than 0.0001" : twoDigits(value);
}

/** 0.0123 → "0.012 sd": a distance in posterior sds. */
export function sdsAway(value: number): string {
  return value < 1e-3 ? "less than 0.001 sd" : `${twoDigits(value)} sd`;
}
