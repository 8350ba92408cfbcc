/** Of the rows of a fit in their order: what tells whether those of another fit are the same. */
export interface RowPrints {
  /** Of the rows' numbers in the data. */
  readonly rows: string;
  /** Of their targets, levels by their texts. */
  readonly targets: string;
}

/** Makes the prints of rows, one after the other. */
export class RowPrint {
  private readonly rows = new Hash();
  private readonly targets = new Hash();
  private readonly ofText = new Map<string, number>();

  add(row: number, target: number | string, trials = 1): void {
    this.rows.add(row);
    this.targets.add(typeof target === "string" ? this.numberOf(target) : target);
    if (trials !== 1) this.targets.add(trials);
  }

  get prints(): RowPrints {
    return { rows: this.rows.text, targets: this.targets.text };
  }

  /** A number that stands for a text; of a number's text itself. */
  private numberOf(text: string): number {
    const known = this.ofText.get(text);
    if (known !== undefined) return known;
    let value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isNaN(value)) {
      const hash = new Hash();
      for (let i = 0; i < text.length; i++) hash.add(text.charCodeAt(i));
      value = Number.parseInt(hash.text.slice(0, 13), 16) + 0.5;
    }
    this.ofText.set(text, value);
    return value;
  }
}

/** 64 bits of numbers in their order: FNV-1a twice, over the words of each, from two starts. */
class Hash {
  private low = 0x811c9dc5;
  private high = 0x01234567;
  private readonly number = new Float64Array(1);
  private readonly words = new Uint32Array(this.number.buffer);

  add(value: number): void {
    // 0 and −0 are the same target.
    this.number[0] = value + 0;
    for (const word of this.words) {
      this.low = mixed(this.low ^ word);
      this.high = mixed(this.high ^ Math.imul(word, 0x9e3779b1));
    }
  }

  get text(): string {
    return [this.high, this.low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** Every bit of a word told by every other (the finaliser of MurmurHash3). */
function mixed(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
