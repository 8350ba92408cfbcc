// The machine that a record was made on, and whether it had other things to do.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** Above this share of all cores' time taken by others before a case starts, the record carries a warning. */
export const idleShare = 0.05;

function caches() {
  try {
    const at = (index, what) => readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${index}/${what}`, "utf8").trim();
    return [0, 1, 2, 3]
      .map((index) => `L${at(index, "level")} ${at(index, "type").toLowerCase()} ${at(index, "size")}`)
      .join(", ");
  } catch {
    return undefined;
  }
}

export function hardware() {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    caches: caches(),
    system: `${platform()} ${release().split(".").slice(0, 2).join(".")}`,
    node: process.version,
  };
}

const ticks = () => {
  const totals = { busy: 0, all: 0 };
  for (const { times } of cpus()) {
    for (const [what, time] of Object.entries(times)) {
      totals.all += time;
      if (what !== "idle") totals.busy += time;
    }
  }
  return totals;
};

/** The share of all cores' time that others take, measured by doing nothing for a second, and the system's load. */
export async function otherWork(seconds = 1) {
  const before = ticks();
  await pause(1000 * seconds);
  const after = ticks();
  const share = (after.busy - before.busy) / Math.max(1, after.all - before.all);
  return { busyShare: share, load: loadavg()[0], idle: share <= idleShare };
}

/** For the name of a record: `amd-epyc-2-cores`. */
export function machineName({ processor, cores }) {
  const plain = processor.toLowerCase().replace(/\(.*?\)|@.*|\bcpu\b|processor/g, " ");
  return `${plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}-${cores}-cores`;
}
