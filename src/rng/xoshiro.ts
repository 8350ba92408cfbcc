// xoshiro128++ of Blackman and Vigna, in four lanes 2⁶⁴ steps apart, so that a SIMD kernel makes four words at once.
import { zigguratTables } from "./ziggurat.ts";

const jump64 = [0x8764000b, 0xf542d2d3, 0x6fa035c3, 0x77f2db5b];
const jump96 = [0xb523952e, 0x0b6f099f, 0xccf5a0ef, 0x1c580662];
const lanes = 4;

/**
 * State of a stream, 16 u32: word w of lane l at index 4 w + l. The seed picks a point on the generator's cycle of
 * 2¹²⁸ − 1 steps; chains start 2⁹⁶ steps apart, purposes of a chain 2⁶⁶, lanes of a purpose 2⁶⁴. Streams of one seed
 * can therefore not overlap, for fewer than 2³⁰ purposes and 2³² chains.
 *
 * @param seed an integer from 0 to 2⁵³ − 1
 * @param purpose 0 the rows of a chain, 1 its noise, from 2 on whatever TypeScript code draws
 * @throws RangeError for any other seed, chain or purpose
 */
export function seedStream(seed: number, chain: number, purpose: number): Uint32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError("A seed is an integer from 0 to 2^53 - 1.");
  if (!Number.isSafeInteger(chain) || chain < 0) throw new RangeError("A chain's number is a non-negative integer.");
  if (!Number.isSafeInteger(purpose) || purpose < 0) throw new RangeError("A purpose is a non-negative integer.");
  const state = splitMix(seed);
  for (let i = 0; i < chain; i++) jump(state, jump96);
  for (let i = 0; i < lanes * purpose; i++) jump(state, jump64);
  const stream = new Uint32Array(4 * lanes);
  for (let lane = 0; lane < lanes; lane++) {
    for (let word = 0; word < 4; word++) stream[4 * word + lane] = state[word];
    jump(state, jump64);
  }
  return stream;
}

/** A generator for TypeScript code over a stream of its own. */
export function createRandom(seed: number, chain: number, purpose: number): Xoshiro {
  return new Xoshiro(seedStream(seed, chain, purpose));
}

/** Reads a stream word by word, in the order of the lanes: the same words, and normals, as the kernels'. */
export class Xoshiro {
  readonly #stream: Uint32Array;
  readonly #words = new Uint32Array(lanes);
  #left = 0;

  /** Takes a copy of `stream`, 16 u32 as `seedStream` makes them. */
  constructor(stream: ArrayLike<number>) {
    this.#stream = Uint32Array.from(stream);
  }

  /** All that decides what comes next; 21 u32. */
  get state(): Uint32Array<ArrayBuffer> {
    return Uint32Array.of(...this.#stream, ...this.#words, this.#left);
  }

  set state(state: Uint32Array) {
    this.#stream.set(state.subarray(0, 4 * lanes));
    this.#words.set(state.subarray(4 * lanes, 5 * lanes));
    this.#left = state[5 * lanes];
  }

  uint32(): number {
    if (this.#left === 0) {
      nextWordsInto(this.#stream, this.#words);
      this.#left = lanes;
    }
    return this.#words[lanes - this.#left--];
  }

  /** Uniform on (0, 1), a multiple of 2⁻⁵³: 32 bits of one word, then the 20 high bits of the next. */
  uniform(): number {
    const high = this.uint32();
    const low = this.uint32() >>> 12;
    return (high * 2 ** 20 + low + 0.5) * 2 ** -52;
  }

  /**
   * Standard normal by the ziggurat with 128 layers. One word gives the layer (7 low bits) and the sign (the next), one
   * the abscissa; a wedge takes one word more, and starts again where it is rejected; the tail takes pairs of words.
   */
  normal(): number {
    const { thresholds, scales, heights, edge } = zigguratTables;
    for (;;) {
      const choice = this.uint32();
      const word = this.uint32();
      const layer = choice & 127;
      const sign = choice & 128 ? -1 : 1;
      const size = (word + 0.5) * scales[layer];
      if (word < thresholds[layer]) return sign * size;
      if (layer === 0) return sign * this.#tail(edge);
      const fraction = (this.uint32() + 0.5) * 2 ** -32;
      const height = heights[layer + 1] + fraction * (heights[layer] - heights[layer + 1]);
      if (height < Math.exp(-0.5 * size * size)) return sign * size;
    }
  }

  #tail(edge: number): number {
    for (;;) {
      const x = Math.log((this.uint32() + 0.5) * 2 ** -32) / edge;
      const y = Math.log((this.uint32() + 0.5) * 2 ** -32);
      if (-2 * y >= x * x) return edge - x;
    }
  }
}

/** Advances a stream by one step and writes the four lanes' words. */
export function nextWordsInto(stream: Uint32Array, words: Uint32Array): void {
  for (let lane = 0; lane < lanes; lane++) {
    const s0 = stream[lane];
    const s1 = stream[4 + lane];
    const s2 = stream[8 + lane] ^ s0;
    const s3 = stream[12 + lane] ^ s1;
    const sum = s0 + stream[12 + lane];
    words[lane] = rotate(sum, 7) + s0;
    stream[lane] = s0 ^ s3;
    stream[4 + lane] = s1 ^ s2;
    stream[8 + lane] = s2 ^ (s1 << 9);
    stream[12 + lane] = rotate(s3, 11);
  }
}

function rotate(x: number, by: number): number {
  return (x << by) | ((x >>> 0) >>> (32 - by));
}

/** Moves a generator of one lane ahead by 2⁶⁴ or 2⁹⁶ steps. */
function jump(state: Uint32Array, polynomial: readonly number[]): void {
  const sum = new Uint32Array(4);
  for (const word of polynomial) {
    for (let bit = 0; bit < 32; bit++) {
      if (word & (1 << bit)) for (let i = 0; i < 4; i++) sum[i] ^= state[i];
      advance(state);
    }
  }
  state.set(sum);
}

function advance(state: Uint32Array): void {
  const shifted = state[1] << 9;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 11);
}

/** Four words of SplitMix64 from a seed, as the authors of xoshiro advise. */
function splitMix(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  let counter = BigInt(seed);
  for (let i = 0; i < 4; i += 2) {
    counter = BigInt.asUintN(64, counter + 0x9e3779b97f4a7c15n);
    let z = BigInt.asUintN(64, (counter ^ (counter >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    z ^= z >> 31n;
    state[i] = Number(z & 0xffffffffn);
    state[i + 1] = Number(z >> 32n);
  }
  return state;
}
