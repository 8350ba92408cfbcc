/** Mean and sd (divisor S − 1) of S draws; the sd of a single one is 0. */
export function meanAndSd(draws: Float64Array): { readonly mean: number; readonly sd: number } {
  let sum = 0;
  for (let s = 0; s < draws.length; s++) sum += draws[s];
  const mean = sum / draws.length;
  let squares = 0;
  for (let s = 0; s < draws.length; s++) squares += (draws[s] - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / Math.max(1, draws.length - 1)) };
}

/** `count` of the numbers 0 … total − 1, evenly spaced. */
export function evenly(count: number, total: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * total) / count));
}
