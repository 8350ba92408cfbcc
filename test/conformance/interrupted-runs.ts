import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../src/checkpoint/checkpoint.ts";
import { contentOf } from "../../src/checkpoint/content.ts";
import { createInlineEngine } from "../../src/engine/engine.ts";
import { fitWithEngine, type RunOptions } from "../../src/fit/fit.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { samplers } from "../../src/sampling/registry.ts";

// Every sampler, interrupted again and again where it keeps something, ends with the draws of a run that was not.

class Interruption extends Error {}

/** In memory; keeps whatever it is offered, and ends the run at some of these moments. */
class FrailCheckpoint implements Checkpoint {
  readonly isDue = true;
  readonly minMilliseconds = 0;
  readonly states = new Map<string, Uint8Array>();
  recalled = 0;
  interruptions = 0;
  /** After which of the things kept from now on the run ends. */
  left = Number.POSITIVE_INFINITY;
  #counts = new Map<string, number>();

  begin(left: number): void {
    this.#counts = new Map();
    this.left = left;
  }

  keyOf(kind: string, from: readonly unknown[]): string {
    const hash = createHash("sha1");
    for (const piece of contentOf([kind, from]))
      hash.update(typeof piece === "string" ? piece : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
    const digest = hash.digest("hex");
    const count = this.#counts.get(digest) ?? 0;
    this.#counts.set(digest, count + 1);
    return `${kind} ${digest} ${count}`;
  }

  recall(key: string): unknown {
    const state = this.states.get(key);
    if (state) this.recalled++;
    // A copy, for the arrays of what is returned lie in it, and may be written to.
    return state && deserialize(Uint8Array.from(state));
  }

  requireSame(): void {}

  keep(key: string, value: unknown): void {
    if (this.left <= 0) throw new Interruption();
    this.states.set(key, serialize(value));
    this.left--;
  }
}

function table(numRows: number, family: string) {
  const random = createRandom(9, 0, 2);
  const column = () => Array.from({ length: numRows }, () => random.normal());
  const [x, z] = [column(), column()];
  const g = x.map((_, n) => `g${n % 30}`);
  const h = x.map((_, n) => `h${(7 * n) % 11}`);
  const effect = Array.from({ length: 30 }, () => 0.5 * random.normal());
  const many = x.map((_, n) => `m${n % 2100}`);
  const y = x.map((value, n) => {
    const eta = 0.4 * value - 0.2 * z[n] + effect[n % 30];
    if (family === "gaussian") return eta + random.normal();
    return random.uniform() < 1 / (1 + Math.exp(-eta)) ? "yes" : "no";
  });
  return { x, z, g, h, many, y };
}

const maxInterruptions = 12;

interface Case {
  readonly family: "gaussian" | "bernoulli";
  readonly formula?: string;
  readonly numRows?: number;
  readonly options: RunOptions;
}

const few = { draws: 60, chains: 2, tolerance: 0.2, seed: 4 } as const;
/** Each sampler, and what is quick of the others. */
export const quickCases: Record<string, Case> = {
  ...Object.fromEntries(
    samplers
      .filter(({ name }) => name !== "crossed" && name !== "wide-langevin")
      .map(({ name }): [string, Case] => {
        const family = name === "conjugate" ? "gaussian" : "bernoulli";
        return [name, { family, options: { sampler: name, ...few } as RunOptions }];
      }),
  ),
  "crossed factors, gaussian": { family: "gaussian", formula: "y ~ x + (1 | g) + (1 | h)", options: few },
  "crossed factors, bernoulli": { family: "bernoulli", formula: "y ~ x + (1 | g) + (1 | h)", options: few },
};

export const slowCases: Record<string, Case> = {
  "auto, groups": { family: "bernoulli", formula: "y ~ x + (1 | g)", options: few },
  "nuts, groups": { family: "bernoulli", formula: "y ~ x + (1 | g)", options: { ...few, sampler: "nuts" } },
  "learned prior": { family: "bernoulli", formula: "y ~ x + z + g", options: { ...few, prior: "learned" } },
  "thousands of coefficients": { family: "gaussian", formula: "y ~ x + C(many)", numRows: 4200, options: few },
  "wide-langevin": {
    ...{ family: "bernoulli", formula: "y ~ x + C(many)", numRows: 4200 },
    options: { ...few, sampler: "wide-langevin", tolerance: 0.5, draws: 20 },
  },
};

/** The tests of these cases. */
export function describeInterruptedRuns(cases: Readonly<Record<string, Case>>): void {
  describe.each(Object.entries(cases))("%s", (_, { family, formula = "y ~ x + z", numRows = 400, options }) => {
    it("interrupted at many moments, has the draws of an undisturbed run", async () => {
      const data = table(numRows, family);
      const run = async (checkpoint?: Checkpoint) => {
        const posterior = await fitWithEngine(
          { data, formula },
          { ...options, checkpoint },
          await createInlineEngine(),
        );
        return { draws: [...posterior.draws].map(([name, chains]) => [name, ...chains]), ess: posterior.coefficients };
      };
      const expected = await run();
      const checkpoint = new FrailCheckpoint();
      const random = createRandom(5, 0, 2);
      for (;;) {
        // Rarely at once, so that few tens of attempts come to the end.
        const isEnough = checkpoint.interruptions >= maxInterruptions;
        checkpoint.begin(isEnough ? Infinity : Math.floor((5 + checkpoint.interruptions) * random.uniform()));
        try {
          expect(await run(checkpoint)).toEqual(expected);
          break;
        } catch (error) {
          if (!(error instanceof Interruption)) throw error;
          checkpoint.interruptions++;
        }
      }
      expect(checkpoint.interruptions).toBeGreaterThan(0);
      expect(checkpoint.recalled).toBeGreaterThan(0);
      // What is all there is taken from there.
      const before = checkpoint.states.size;
      checkpoint.begin(Number.POSITIVE_INFINITY);
      expect(await run(checkpoint)).toEqual(expected);
      expect(checkpoint.states.size).toBe(before);
    });
  });
}
