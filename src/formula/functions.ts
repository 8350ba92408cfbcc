/** A function that expressions may call: how many arguments it takes, and its value for a row. */
interface NumericFunction {
  readonly arguments: readonly [least: number, most: number];
  readonly apply: (...values: number[]) => number;
}

function unary(apply: (value: number) => number): NumericFunction {
  return { arguments: [1, 1], apply };
}

/** IEEE rounding of halves to even, as in R and numpy; Math.round takes them up. */
function round(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value - Math.trunc(value)) === 0.5 ? 2 * Math.round(value / 2) : rounded;
}

/** The functions of the formula language, by name. Angles are in radians; `log` is the natural logarithm. */
export const functions: Readonly<Record<string, NumericFunction>> = {
  abs: unary(Math.abs),
  acos: unary(Math.acos),
  asin: unary(Math.asin),
  atan: unary(Math.atan),
  atan2: { arguments: [2, 2], apply: Math.atan2 },
  cbrt: unary(Math.cbrt),
  ceil: unary(Math.ceil),
  cos: unary(Math.cos),
  cosh: unary(Math.cosh),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  floor: unary(Math.floor),
  log: unary(Math.log),
  log10: unary(Math.log10),
  log1p: unary(Math.log1p),
  log2: unary(Math.log2),
  max: { arguments: [1, 20], apply: Math.max },
  min: { arguments: [1, 20], apply: Math.min },
  pow: { arguments: [2, 2], apply: Math.pow },
  round: unary(round),
  sign: unary(Math.sign),
  sin: unary(Math.sin),
  sinh: unary(Math.sinh),
  sqrt: unary(Math.sqrt),
  tan: unary(Math.tan),
  tanh: unary(Math.tanh),
  trunc: unary(Math.trunc),
};
