// The rounds of a case: all contestants in turns, each round beginning with another.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./cases.mjs";
import { runProcess } from "./processes.mjs";
import { pairedRatio, summary } from "./statistics.mjs";

/** Settings for libraries that choose their code by environment variables: as a user has them, on the cores they are given. */
function environmentOf(cores) {
  const threads = cores.length === 1 ? { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" } : {};
  const inOneCore =
    cores.length === 1 ? { XLA_FLAGS: "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" } : {};
  return {
    ...threads,
    ...inOneCore,
    OPENBLAS_CORETYPE: undefined,
    OPENBLAS_L2_SIZE: undefined,
    TF_CPP_MIN_LOG_LEVEL: "3",
  };
}

async function oneRound({ contestant, command, prepared, cores, limit }) {
  const scratch = join(tmpdir(), `ornstein-bench-${process.pid}.json`);
  const { accepts, args, read, cwd = root } = contestant;
  const job = { command, args: args(prepared, scratch), cwd, env: environmentOf(cores), cores, limit, accepts };
  const { output, ...measured } = await runProcess(job);
  try {
    if (measured.status !== "done") return measured;
    const answer = read(output, prepared, scratch);
    return { ...measured, run: measured.wall, ...answer };
  } catch (error) {
    return { ...measured, status: "failed", reason: `its answer could not be read: ${error.message}` };
  } finally {
    rmSync(scratch, { force: true });
  }
}

/**
 * @param {{ contestants: { contestant: import("./cases.mjs").Contestant, command?: string, missing?: string }[], prepared: object,
 * cores: number[], rounds: number, limit: number, say: (line: string) => void }} plan
 * A contestant that has failed, or would use up the limit with another round, is not run again.
 * @returns what each came to, in the order given
 */
export async function runRounds({ contestants, prepared, cores, rounds, limit, say }) {
  const results = contestants.map(({ contestant, missing }) => ({ name: contestant.name, missing, rounds: [] }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const at = (turn + round) % contestants.length;
      const result = results[at];
      if (result.missing || !isWorthAnother(result.rounds, limit)) continue;
      const done = await oneRound({ ...contestants[at], prepared, cores, limit });
      result.rounds[round] = done;
      say(`  ${result.name}, round ${round + 1}: ${progress(done)}`);
    }
  }
  return results.map((result) => inShort(result, results[0]));
}

/** Another round: the first, or one after rounds that were done and that would end within the limit for all of them together. */
function isWorthAnother(rounds, limit) {
  const [spent, longest] = [
    rounds.reduce((sum, { wall }) => sum + wall, 0),
    Math.max(0, ...rounds.map(({ wall }) => wall)),
  ];
  return rounds.every(({ status }) => status === "done") && spent + longest < limit;
}

function progress({ status, reason, wall, perSecond, errors, peakMiB }) {
  if (status !== "done") return reason;
  const speed = perSecond ? `, ${Math.round(perSecond).toLocaleString("en")} steps/s` : "";
  const exactness = errors ? `, means ${errors.mean.toFixed(3)} sd, sds ${(100 * errors.sd).toFixed(1)}%` : "";
  return `${wall.toFixed(1)} s${speed}${exactness}, ${Math.round(peakMiB)} MiB`;
}

/** Medians, spreads and the ratio to ours of a contestant's rounds, beside the rounds themselves. */
export function inShort(result, ours) {
  const rounds = Array.from(result.rounds, (round) => round ?? {});
  const valuesOf = (key, of = rounds) => of.map((round) => round[key] ?? Number.NaN);
  const own = Array.from(ours.rounds, (round) => round ?? {});
  const stopped = rounds.find(({ status }) => status === "failed" || status === "late");
  const last = rounds.findLast(({ status }) => status === "done");
  const isSpeed = last?.perSecond !== undefined;
  const [theirs, compared] = isSpeed
    ? [valuesOf("perSecond", own), valuesOf("perSecond")]
    : [valuesOf("run"), valuesOf("run", own)];
  return {
    name: result.name,
    version: last?.version,
    missing: result.missing,
    stopped: stopped?.reason,
    said: last?.said,
    run: summary(valuesOf("run")),
    compile: summary(valuesOf("compile")),
    wall: summary(valuesOf("wall")),
    processor: summary(valuesOf("processor")),
    peakMiB: summary(valuesOf("peakMiB")),
    perSecond: summary(valuesOf("perSecond")),
    /** How many times faster ours is: in its whole process, against theirs without start-up and compilation. */
    ratio: stopped ? undefined : pairedRatio(theirs, compared),
    wholeRatio: stopped || isSpeed ? undefined : pairedRatio(valuesOf("wall"), valuesOf("wall", own)),
    errors: worstOf(rounds),
    rounds,
  };
}

function worstOf(rounds) {
  const errors = rounds.flatMap((round) => round.errors ?? []);
  if (errors.length === 0) return undefined;
  const most = (key) => Math.max(...errors.map((error) => error[key]));
  const variances = errors[0].variances === undefined ? {} : { variances: most("variances") };
  return { mean: most("mean"), sd: most("sd"), ...variances, reached: errors.every(({ reached }) => reached) };
}
