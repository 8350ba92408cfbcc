// One contestant's process: pinned to cores, watched for memory and processor time, ended at a limit.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { platform } from "node:os";

const onLinux = platform() === "linux";
/** Of a tick of /proc/PID/stat; 100 a second on every Linux that people run. */
const secondsPerTick = 0.01;

function readOrNothing(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended in between.
    return "";
  }
}

/** Ids of a process and of all that it started. */
function tree(pid) {
  const pids = [pid];
  for (let at = 0; at < pids.length; at++) {
    let tasks = [];
    try {
      tasks = readdirSync(`/proc/${pids[at]}/task`);
    } catch {}
    for (const task of tasks) {
      const children = readOrNothing(`/proc/${pids[at]}/task/${task}/children`).split(" ");
      pids.push(...children.filter(Boolean).map(Number));
    }
  }
  return pids;
}

const kilobytes = (status, key) => Number(status.match(new RegExp(`^${key}:\\s+(\\d+)`, "m"))?.[1] ?? 0);

/** The memory of a process with its children, now and at most (that of one process is known exactly), and seconds of processor. */
function usage(pid) {
  let [resident, highest, ticks] = [0, 0, 0];
  for (const each of tree(pid)) {
    const status = readOrNothing(`/proc/${each}/status`);
    resident += kilobytes(status, "VmRSS");
    highest = Math.max(highest, kilobytes(status, "VmHWM"));
    const stat = readOrNothing(`/proc/${each}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, and those of children that have ended.
    if (fields.length > 14) ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  }
  return { mebibytes: Math.max(resident, highest) / 1024, processor: ticks * secondsPerTick };
}

/**
 * @param {{ command: string, args: string[], cwd?: string, env?: Record<string, string | undefined>, cores?: number[], limit: number, accepts?: number[] }} job
 * `cores`: those it is pinned to; `accepts`: exit statuses of a run that is done (default: 0); `limit`: seconds after which it is ended, with all that it started
 * @returns {Promise<{ status: "done" | "failed" | "late", wall: number, peakMiB: number, processor: number, output: string, reason?: string }>}
 */
export function runProcess({ command, args, cwd, env, cores, limit, accepts = [0] }) {
  const pinned = onLinux && cores !== undefined;
  const [program, ...given] = pinned ? ["taskset", "-c", cores.join(","), command, ...args] : [command, ...args];
  const started = performance.now();
  const child = spawn(program, given, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, complaints, peakMiB, processor, late] = ["", "", 0, 0, false];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    complaints = `${complaints}${text}`.slice(-20_000);
  });
  const watch = () => {
    if (!onLinux || child.pid === undefined) return;
    const now = usage(child.pid);
    peakMiB = Math.max(peakMiB, now.mebibytes);
    processor = Math.max(processor, now.processor);
  };
  const watching = setInterval(watch, 50);
  const endGroup = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {}
  };
  const ending = setTimeout(() => {
    late = true;
    endGroup();
  }, 1000 * limit);
  // An interrupted bench leaves nothing running.
  process.once("exit", endGroup);
  return new Promise((resolve) => {
    const settle = (status, reason) => {
      clearInterval(watching);
      clearTimeout(ending);
      process.removeListener("exit", endGroup);
      resolve({ status, reason, wall: (performance.now() - started) / 1000, peakMiB, processor, output });
    };
    child.on("error", (error) => settle("failed", error.message));
    child.on("close", (code) => {
      if (late) settle("late", `not done after ${limit} s`);
      else if (accepts.includes(code)) settle("done");
      else settle("failed", lastLine(complaints) || lastLine(output) || `exit status ${code}`);
    });
  });
}

/** Where a program says what it came to, or what went wrong. */
export const lastLine = (text, most = 300) => text.trim().split("\n").at(-1)?.trim().slice(0, most) ?? "";
