/** How many rows have a shape k within bounds. */
export interface ShapeCount {
  readonly label: "good" | "bad" | "very bad";
  /** low < k ≤ high */
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  /** Of the rows that were left out. */
  readonly share: number;
}

/** By the bounds of ArviZ: up to `good`, up to 1, and above. */
export function countShapes(shapes: Float64Array, good: number): ShapeCount[] {
  const bounds = [Number.NEGATIVE_INFINITY, good, 1, Number.POSITIVE_INFINITY];
  return (["good", "bad", "very bad"] as const).map((label, b) => {
    const [low, high] = [bounds[b], bounds[b + 1]];
    const rows = shapes.reduce((count, k) => count + Number(k > low && k <= high), 0);
    return { label, low, high, rows, share: rows / shapes.length };
  });
}
