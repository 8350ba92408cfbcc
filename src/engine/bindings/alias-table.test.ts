import { describe, expect, test } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { EngineMemory } from "../memory.ts";
import { writeAliasTable } from "./alias-table.ts";

function tableOf(values: Float32Array, uniformFraction: number) {
  const memory = new EngineMemory();
  const address = memory.allocate(values.length * 16);
  writeAliasTable(memory, address, values, uniformFraction);
  const words = memory.u32(address, values.length * 4);
  const floats = memory.f32(address, values.length * 4);
  return { words, floats };
}

/** The probabilities that a table gives to the rows, from its integers. */
function impliedProbabilities(words: Uint32Array): Float64Array {
  const size = words.length / 4;
  const p = new Float64Array(size);
  for (let n = 0; n < size; n++) {
    const itself = words[4 * n] === 0xffffffff ? 1 : words[4 * n] / 2 ** 32;
    p[n] += itself / size;
    p[words[4 * n + 1]] += (1 - itself) / size;
  }
  return p;
}

const random = createRandom(1, 0, 9);
const skewed = Float32Array.from({ length: 1000 }, () => random.uniform() ** -0.7 - 1);

describe.each([
  ["skewed", skewed],
  ["one large", Float32Array.from({ length: 50 }, (_, n) => (n === 17 ? 1e6 : 0))],
  ["equal", new Float32Array(10).fill(3)],
  ["all zero", new Float32Array(10)],
  ["one row", Float32Array.of(2)],
])("alias table of %s values", (_, values) => {
  test.each([0.1, 1])("with uniform share %f: probabilities within 1e-6 relative, and weights 1/(N p)", (fraction) => {
    const { words, floats } = tableOf(values, fraction);
    const size = values.length;
    const sum = values.reduce((a, b) => a + b, 0);
    const expected = Float64Array.from(values, (q) =>
      sum > 0 ? ((1 - fraction) * q) / sum + fraction / size : 1 / size,
    );
    const actual = impliedProbabilities(words);
    for (let n = 0; n < size; n++) {
      expect(Math.abs(actual[n] / expected[n] - 1)).toBeLessThan(1e-6);
      const alias = words[4 * n + 1];
      expect(alias).toBeLessThan(size);
      expect(floats[4 * n + 2] * size * expected[n]).toBeCloseTo(1, 6);
      expect(floats[4 * n + 3] * size * expected[alias]).toBeCloseTo(1, 6);
    }
  });
});

test("values that are no probabilities are refused", () => {
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => tableOf(Float32Array.of(1, bad), 0.1)).toThrow(RangeError);
  }
});
