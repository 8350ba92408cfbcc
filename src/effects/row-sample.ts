import { createRandom, type Xoshiro } from "../rng/xoshiro.ts";

/** A sample of a table's rows without replacement, of so many of each group. */
export class RowSample {
  private readonly left: number[];
  private readonly wanted: number[];
  private readonly random: Xoshiro;

  /**
   * @param counts Rows of each group, of which so many are complete
   * @param size Complete rows wanted in all, about; small groups have more than their share
   */
  constructor(
    { all, complete }: { readonly all: readonly number[]; readonly complete: readonly number[] },
    size: number,
    seed: number,
  ) {
    const total = complete.reduce((sum, count) => sum + count, 0);
    this.left = [...all];
    this.wanted = all.map((count, g) => {
      const share = complete[g] === 0 ? 0 : Math.max(leastOfGroup / complete[g], size / total);
      return share >= 1 ? count : Math.ceil(share * count);
    });
    this.random = createRandom(seed, 0, 19);
  }

  /** Whether every row is wanted. */
  get isWhole(): boolean {
    return this.wanted.every((count, g) => count === this.left[g]);
  }

  /** Which of the next rows are in the sample; those of no group are in none (selection sampling: Fan, Muller & Rezucha 1962). */
  choose(groups: Int32Array): Int32Array {
    const { left, wanted, random } = this;
    const chosen: number[] = [];
    groups.forEach((group, i) => {
      if (group < 0) return;
      if (random.uniform() * left[group]-- >= wanted[group]) return;
      wanted[group]--;
      chosen.push(i);
    });
    return Int32Array.from(chosen);
  }
}

/** Of a group with as many. */
const leastOfGroup = 200;
