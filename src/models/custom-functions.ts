/** A custom model's functions, their results checked; `rows` of them are all rows, or those that `subset` lists. */
export interface CustomFunctions {
  lossAndGradient(position: Float64Array, rows: Uint32Array): Promise<{ loss: number; gradient: Float64Array }>;
  rowGradients(position: Float64Array, rows: Uint32Array): Promise<Float64Array>;
  hessian?(position: Float64Array): Promise<Float64Array>;
  readonly subset?: Uint32Array;
}
