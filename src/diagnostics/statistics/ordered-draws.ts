/** Draws of all chains, one chain after the other, in ascending order: what ranks, quantiles and intervals share. */
export interface OrderedDraws {
  /** M·N values, NaN last. */
  readonly sorted: Float64Array;
  /** Where each stands among the pooled draws. */
  readonly order: Uint32Array;
}

/** Draws of all chains, one chain after the other, length M·N. */
export function pool(chains: readonly Float64Array[]): Float64Array {
  const draws = chains[0].length;
  const pooled = new Float64Array(chains.length * draws);
  for (let chain = 0; chain < chains.length; chain++) pooled.set(chains[chain], chain * draws);
  return pooled;
}

/**
 * The draws in order, −0 just before 0, equal ones as they come. Cost: linear in their number.
 *
 * A radix sort of the numbers' bits, because a comparison sort of indices takes seven times longer. The keys move with the
 * indices, so that each pass reads from front to back, whatever the number of draws.
 */
export function orderDraws(chains: readonly Float64Array[]): OrderedDraws {
  const pooled = pool(chains);
  const size = pooled.length;
  let from = keysOf(pooled);
  let to: Keys = { low: new Uint32Array(size), high: new Uint32Array(size), index: new Uint32Array(size) };
  const places = new Uint32Array(numDigits);
  for (const word of ["low", "high"] as const) {
    for (let shift = 0; shift < 32; shift += digitBits) {
      if (!placesOfDigit(places, from[word], shift)) continue;
      moveByDigit(to, from, from[word], shift, places);
      [from, to] = [to, from];
    }
  }
  const sorted = new Float64Array(size);
  for (let place = 0; place < size; place++) sorted[place] = pooled[from.index[place]];
  return { sorted, order: from.index };
}

interface Keys {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly index: Uint32Array;
}

// Eight bits keep the counts and the scattered writes near the processor: faster than fewer passes over eleven.
const digitBits = 8;
const numDigits = 2 ** digitBits;

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Keys whose unsigned order is the order of the values: a positive number gets its sign bit set, a negative one all its bits
 * flipped. All NaN have the greatest.
 */
function keysOf(values: Float64Array): Keys {
  const size = values.length;
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * size);
  const [lowAt, highAt] = isLittleEndian ? [0, 1] : [1, 0];
  const keys = { low: new Uint32Array(size), high: new Uint32Array(size), index: new Uint32Array(size) };
  for (let index = 0; index < size; index++) {
    const bits = words[2 * index + highAt];
    const signs = (bits | 0) >> 31;
    const isNumber = !Number.isNaN(values[index]);
    keys.high[index] = isNumber ? bits ^ (signs | 0x80000000) : 0xffffffff;
    keys.low[index] = isNumber ? words[2 * index + lowAt] ^ signs : 0xffffffff;
    keys.index[index] = index;
  }
  return keys;
}

/** Where the values of each digit begin; false if all share one. */
function placesOfDigit(places: Uint32Array, word: Uint32Array, shift: number): boolean {
  const size = word.length;
  places.fill(0);
  for (let place = 0; place < size; place++) places[(word[place] >>> shift) & (numDigits - 1)]++;
  if (size === 0 || places[(word[0] >>> shift) & (numDigits - 1)] === size) return false;
  for (let digit = 0, place = 0; digit < numDigits; digit++) {
    const count = places[digit];
    places[digit] = place;
    place += count;
  }
  return true;
}

/** One pass: keys and indices rearranged by one digit, stably. */
function moveByDigit(to: Keys, from: Keys, word: Uint32Array, shift: number, places: Uint32Array): void {
  const size = word.length;
  for (let place = 0; place < size; place++) {
    const next = places[(word[place] >>> shift) & (numDigits - 1)]++;
    to.low[next] = from.low[place];
    to.high[next] = from.high[place];
    to.index[next] = from.index[place];
  }
}
