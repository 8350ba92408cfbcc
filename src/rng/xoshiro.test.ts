import { describe, expect, test } from "vitest";
import { loadKernels } from "../engine/kernels.ts";
import { EngineMemory } from "../engine/memory.ts";
import { createRandom, nextWordsInto, seedStream, Xoshiro } from "./xoshiro.ts";
import { zigguratTables } from "./ziggurat.ts";

const lane = (stream: ArrayLike<number>, l: number) => [0, 1, 2, 3].map((word) => stream[4 * word + l]);

describe("xoshiro128++", () => {
  test("gives the published algorithm's words in every lane", () => {
    // https://prng.di.unimi.it/xoshiro128plusplus.c with s = {1, 2, 3, 4}: ten calls of next().
    const expected = [
      641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420,
    ];
    const stream = Uint32Array.from({ length: 16 }, (_, i) => Math.floor(i / 4) + 1);
    const words = new Uint32Array(4);
    for (const word of expected) {
      nextWordsInto(stream, words);
      expect([...words]).toEqual([word, word, word, word]);
    }
  });

  test("starts from SplitMix64", () => {
    // https://prng.di.unimi.it/splitmix64.c with x = 1234567: two calls of next(), low word first.
    expect(lane(seedStream(1234567, 0, 0), 0)).toEqual([4211670149, 1503580183, 1481904037, 745795716]);
  });

  test("lanes are 2⁶⁴ steps apart, purposes 2⁶⁶, chains 2⁹⁶", () => {
    // The step as a 128 × 128 matrix over GF(2), its rows as bit sets, squared 64, 66 and 96 times.
    const columns = Array.from({ length: 128 }, (_, bit) => stepOf(1n << BigInt(bit)));
    const apply = (matrix: bigint[], v: bigint) =>
      matrix.reduce((sum, c, bit) => ((v >> BigInt(bit)) & 1n ? sum ^ c : sum), 0n);
    const powers = new Map<number, bigint[]>();
    let power = columns;
    for (let k = 1; k <= 96; k++) {
      const previous = power;
      power = previous.map((column) => apply(previous, column));
      powers.set(k, power);
    }
    const state = (chain: number, purpose: number, l: number) => pack(lane(seedStream(42, chain, purpose), l));
    for (let l = 0; l < 3; l++) expect(state(0, 0, l + 1)).toBe(apply(powers.get(64)!, state(0, 0, l)));
    expect(state(0, 1, 0)).toBe(apply(powers.get(66)!, state(0, 0, 0)));
    expect(state(1, 1, 3)).toBe(apply(powers.get(96)!, state(0, 1, 3)));
  });

  test("refuses seeds that are no safe integers", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => seedStream(seed, 0, 0)).toThrow(RangeError);
    expect(seedStream(2 ** 53 - 1, 0, 0)).not.toEqual(seedStream(0, 0, 0));
  });
});

function pack(words: readonly number[]): bigint {
  return words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

function stepOf(state: bigint): bigint {
  const stream = new Uint32Array(16);
  for (let word = 0; word < 4; word++) stream[4 * word] = Number((state >> BigInt(32 * word)) & 0xffffffffn);
  nextWordsInto(stream, new Uint32Array(4));
  return pack(lane(stream, 0));
}

const size = 400_000;

describe("uniform and normal", () => {
  test("golden values: the order of words, lanes and bits", () => {
    // createRandom(1, 0, 0), as this library first made them; a change changes every user's draws.
    const random = createRandom(1, 0, 0);
    expect([random.uint32(), random.uint32(), random.uniform(), random.normal()]).toMatchInlineSnapshot(`
      [
        2146930148,
        1383713344,
        0.7537949941295011,
        0.35863021689932956,
      ]
    `);
  });

  test("uniform lies in (0, 1) and has the moments of a uniform", () => {
    const random = createRandom(5, 0, 2);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const u = random.uniform();
      if (!(u > 0 && u < 1)) throw new Error(`${u}`);
      sum += u - 0.5;
    }
    expect(Math.abs(sum) / Math.sqrt(size / 12)).toBeLessThan(4.5);
    const most = new Xoshiro(new Uint32Array(16));
    most.uint32 = () => 0xffffffff;
    expect(most.uniform()).toBeLessThan(1);
  });

  const normals = (() => {
    const random = createRandom(6, 0, 2);
    return Float64Array.from({ length: size }, () => random.normal());
  })();

  test.each([
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
    [6, 15, 10_170],
  ])("moment %i is %i, within 4.5 of its standard errors", (k, expected, variance) => {
    const mean = normals.reduce((sum, z) => sum + z ** k, 0) / size;
    expect(Math.abs(mean - expected) / Math.sqrt(variance / size)).toBeLessThan(4.5);
  });

  test("Kolmogorov–Smirnov distance from the normal law below its 1e-5 quantile", () => {
    const sorted = normals.slice().sort();
    let distance = 0;
    for (let i = 0; i < size; i++) {
      distance = Math.max(
        distance,
        Math.abs(normalCdf(sorted[i]) - i / size),
        Math.abs(normalCdf(sorted[i]) - (i + 1) / size),
      );
    }
    expect(distance * Math.sqrt(size)).toBeLessThan(2.47); // sqrt(-log(1e-5 / 2) / 2)
  });

  test.each([
    ["above 2", 2, 0.02275013194817921],
    ["above the ziggurat's tail edge", zigguratTables.edge, 2.8801e-4],
    ["above 4", 4, 3.167124183311992e-5],
  ])("tails: P(z %s) on both sides", (_, bound, probability) => {
    const spread = Math.sqrt(size * probability);
    for (const sign of [1, -1]) {
      const count = normals.filter((z) => sign * z > bound).length;
      expect(Math.abs(count - size * probability)).toBeLessThan(4.5 * spread + 1);
    }
  });

  test("the kernels' normals are the same: bit for bit, and within 1e-12 in the tail", async () => {
    const memory = new EngineMemory();
    const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => void>;
    const stream = memory.allocate(64);
    memory.u32(stream, 16).set(seedStream(6, 0, 2));
    const reader = memory.allocateZeroed(272);
    const out = memory.allocate(8 * size);
    // Cut in odd parts, so that the reader's buffer is found at every fill.
    const cut = 12_345;
    kernels.fillNormals(stream, reader, out, cut);
    kernels.fillNormals(stream, reader, out + 8 * cut, size - cut);
    const ours = memory.f64(out, size);
    for (let i = 0; i < size; i++) {
      const isTail = Math.abs(normals[i]) > zigguratTables.edge;
      if (isTail ? Math.abs(ours[i] - normals[i]) > 1e-12 : ours[i] !== normals[i])
        throw new Error(`${i}: ${ours[i]} ${normals[i]}`);
    }
  });
});

/** Φ(x) by the series x + x³/3 + x⁵/(3·5) + …, accurate to 1e-12 for |x| < 6 (Marsaglia 2004). */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-16; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.9189385332046727);
}
