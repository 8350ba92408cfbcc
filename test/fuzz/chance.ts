import { createRandom } from "../../src/rng/xoshiro.ts";

/** Choices of one case, which its number and the seed decide. */
export class Chance {
  private readonly random;

  constructor(seed: number, kase: number) {
    this.random = createRandom(seed, kase, 77);
  }

  /** A whole number from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.random.uniform() * n);
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)];
  }

  happens(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  normal(): number {
    return this.random.normal();
  }
}
