import { InputError } from "../../errors.ts";
import { formatCount } from "../../table/table-source.ts";

/** Levels of a grouping factor: two of their numbers are one number below 2^53. */
export const maxGroupLevels = 2 ** 26;

/** Whole numbers below that are looked up in an array of all of them, which is several times as fast. */
const maxDirect = 2 ** 24;

const isDirect = (value: number) => value >= 0 && value < maxDirect && Number.isInteger(value);

/**
 * Numbers with codes in the order of appearance: an array of the small whole ones, and for others a hash table with open
 * addresses, of 12 to 24 bytes a number, as a Map of ten million takes a gigabyte.
 */
export class NumberIndex {
  /** The codes of small whole numbers, −1 where there is none yet. */
  private direct = new Int32Array(1024).fill(-1);
  private keys = new Float64Array(1024);
  private slots = new Int32Array(2048).fill(-1);
  private count = 0;
  /** How many of the numbers are in the hash table. */
  private hashed = 0;
  private readonly words = new Uint32Array(2);
  private readonly bits = new Float64Array(this.words.buffer);

  constructor(private readonly name: string) {}

  get size(): number {
    return this.count;
  }

  /** The code of a number, a new one where it was not there yet. @throws InputError where there are too many */
  add(value: number): number {
    if (isDirect(value)) {
      if (value >= this.direct.length) this.widen(value);
      const known = this.direct[value];
      if (known >= 0) return known;
      const code = this.append(value);
      this.direct[value] = code;
      return code;
    }
    const slot = this.slotOf(value);
    if (this.slots[slot] >= 0) return this.slots[slot];
    const code = this.append(value);
    this.slots[slot] = code;
    if (3 * ++this.hashed > 2 * this.slots.length) this.rehash();
    return code;
  }

  private append(value: number): number {
    const code = this.count++;
    if (code === maxGroupLevels)
      throw new InputError(
        `${this.name} has more than ${formatCount(maxGroupLevels)} levels, which are the most; leave it out of the formula, or group by fewer.`,
      );
    if (code === this.keys.length) this.keys = grown(this.keys);
    // Adding 0 makes 0 of −0, which is the same number.
    this.keys[code] = value + 0;
    return code;
  }

  valueOf(code: number): number {
    return this.keys[code];
  }

  /** −1 where the number is not there. */
  find(value: number): number {
    return isDirect(value) ? (this.direct[value] ?? -1) : this.slots[this.slotOf(value)];
  }

  /** The numbers by size, and the place of each code among them. */
  sorted(): { readonly values: Float64Array; readonly rankOf: Uint32Array } {
    const values = this.keys.slice(0, this.count).sort();
    const rankOf = new Uint32Array(this.count);
    for (let rank = 0; rank < values.length; rank++) rankOf[this.find(values[rank])] = rank;
    return { values, rankOf };
  }

  /** The slot of a number, or the free one where it would stand. */
  private slotOf(value: number): number {
    const mask = this.slots.length - 1;
    for (let slot = this.hash(value) & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot];
      if (code < 0 || this.keys[code] === value) return slot;
    }
  }

  private widen(value: number): void {
    const wider = new Int32Array(2 ** Math.ceil(Math.log2(value + 1))).fill(-1);
    wider.set(this.direct);
    this.direct = wider;
  }

  /** The finaliser of MurmurHash3 over both words. */
  private hash(value: number): number {
    this.bits[0] = value;
    let hash = this.words[0] ^ Math.imul(this.words[1], 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  private rehash(): void {
    this.slots = new Int32Array(2 * this.slots.length).fill(-1);
    for (let code = 0; code < this.count; code++) {
      const value = this.keys[code];
      if (!isDirect(value)) this.slots[this.slotOf(value)] = code;
    }
  }
}

/** The same numbers with room for as many again. */
export function grown<Numbers extends Float64Array | Uint32Array>(numbers: Numbers): Numbers {
  const larger = new (numbers.constructor as new (length: number) => Numbers)(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
