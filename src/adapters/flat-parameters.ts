import { InputError } from "../errors.ts";

/** Arrays of parameters one after the other in one vector θ. */
export interface FlatParameters {
  /** M */
  readonly dimension: number;
  /** `hidden.weights[3]` for each entry, or the name itself for a single number. */
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  /** One after the other. */
  join(values: readonly ArrayLike<number>[]): Float64Array;
  /** The parts of a vector, in single precision, as the libraries compute. */
  split(position: ArrayLike<number>): Float32Array<ArrayBuffer>[];
}

/** @param parts Names and shapes of the arrays, in their order. */
export function flatParameters(parts: readonly { name: string; shape: readonly number[] }[]): FlatParameters {
  const sizes = parts.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  const dimension = sizes.reduce((sum, size) => sum + size, 0);
  if (dimension === 0) throw new InputError("The parameters are empty: give at least one array of numbers.");
  return {
    dimension,
    names: parts.flatMap(({ name }, k) =>
      sizes[k] === 1 ? [name] : Array.from({ length: sizes[k] }, (_, j) => `${name}[${j + 1}]`),
    ),
    shapes: parts.map(({ shape }) => shape),
    join(values) {
      const position = new Float64Array(dimension);
      let at = 0;
      for (const part of values) {
        position.set(part, at);
        at += part.length;
      }
      return position;
    },
    split(position) {
      let at = 0;
      return sizes.map((size) => {
        const part = new Float32Array(size);
        for (let j = 0; j < size; j++) part[j] = position[at + j];
        at += size;
        return part;
      });
    },
  };
}
