import { expect, test } from "vitest";
import { InputError } from "../../src/errors.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { Chance } from "./chance.ts";

/** Times as many cases as are run in a moment: vitest.slow.config.ts has more. */
const times = Number(process.env.ORNSTEIN_FUZZ_TIMES ?? 1);
const seed = Number(process.env.ORNSTEIN_FUZZ_SEED ?? 1);
/** What no case takes, on a busy machine; a case that hangs ends by it. */
const secondsOfCase = 60;
/** Of the cases: those that say no are to be no more than those that come to numbers. */
const minShare = 0.5;

export interface FuzzedCase {
  /** What it is, for whoever looks into a failure. */
  readonly about: string;
  /** Comes to numbers, which are looked at, or throws. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * The property of all cases: each ends within its time, either with numbers that are finite or with one sentence of an
 * InputError; and at least half of them come to numbers.
 */
export function fuzz(name: string, count: number, make: (chance: Chance, k: number) => Promise<FuzzedCase>): void {
  test(`${count * times} ${name} come to finite numbers or to one sentence`, async () => {
    const refusals = new Map<string, number>();
    let done = 0;
    for (let k = 0; k < count * times; k++) {
      const { about, run } = await make(new Chance(seed, k), k);
      try {
        await run(AbortSignal.timeout(1000 * secondsOfCase));
        done++;
      } catch (error) {
        requireSentence(error, `case ${k}: ${about}`);
        const kind = (error as Error).message.replaceAll(/"[^"]*"|'[^']*'|[\d,.]+/g, "…").slice(0, 60);
        refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
      }
    }
    const share = done / (count * times);
    console.log(
      `${name}: ${done} of ${count * times} come to numbers (${Math.round(100 * share)}%), ${refusals.size} kinds of refusals`,
    );
    expect(share, [...refusals].join("\n")).toBeGreaterThanOrEqual(minShare);
  });
}

/** One sentence, after which a formula and a caret may stand; of no internal matter. */
export function requireSentence(error: unknown, about: string): void {
  if (!(error instanceof InputError))
    throw new Error(`${about}\n${(error as Error)?.stack ?? error}`, { cause: error });
  const { message } = error;
  const lines = message.split("\n");
  const isSentence = lines.length === 1 || (lines.length === 3 && /^\s*\^$/.test(lines[2]));
  if (
    !isSentence ||
    lines[0].length > 2000 ||
    !/[.:)!?]$|npm install \S+$/.test(lines[0]) ||
    /\[object |unforeseen/.test(message)
  )
    throw new Error(`${about}\nis no sentence: ${message.slice(0, 3000)}`);
}

/** @throws Error where a number of a fit is not finite */
export function requireFinite({ coefficients, certificate, draws }: Posterior): void {
  if (!["ok", "warning", "failed"].includes(certificate.verdict)) throw new Error("There is no verdict.");
  for (const { name, mean, sd, "hdi_3%": low, "hdi_97%": high } of coefficients) {
    if (![mean, sd, low, high].every(Number.isFinite)) throw new Error(`${name} is ${[mean, sd, low, high]}`);
    if (!draws.get(name)!.every((chain) => chain.every(Number.isFinite))) throw new Error(`A draw of ${name} is none.`);
  }
}
