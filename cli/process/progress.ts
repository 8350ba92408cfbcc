import { SingleBar } from "cli-progress";
import type { ProgressEvent, ProgressListener } from "../../src/engine/progress.ts";
import { integer } from "../render/table.ts";
import { visible } from "../render/visible.ts";

export interface Progress {
  readonly update: ProgressListener;
  done(): void;
}

/** A bar on a terminal, lines now and then elsewhere, nothing when quiet. */
export function createProgress(stream: NodeJS.WriteStream, { quiet }: { quiet: boolean }): Progress {
  if (quiet) return { update: () => {}, done: () => {} };
  const { update, done } = stream.isTTY ? barProgress(stream) : lineProgress(stream);
  return {
    // A stage may be called by a file's name.
    update: (stage, fraction, event) => update(visible(stage), fraction, { ...event, stage: visible(event.stage) }),
    done,
  };
}

/** A stage that goes on has a line this often, or each time it has gone on for a tenth longer. */
const millisecondsBetweenLines = 5000;
const fractionBetweenLines = 0.1;

function lineProgress(stream: NodeJS.WriteStream): Progress {
  let current = "";
  let started = 0;
  let last = 0;
  return {
    update(stage, fraction, event) {
      const now = performance.now();
      if (stage !== current) {
        stream.write(`${stage} …\n`);
        current = stage;
        started = last = now;
      } else if (
        fraction < 1 &&
        now - last >= Math.max(millisecondsBetweenLines, fractionBetweenLines * (now - started))
      ) {
        stream.write(`${[`${stage} …`, ...detailsOf(event)].map((part) => part.trim()).join("  ")}\n`);
        last = now;
      }
    },
    done() {},
  };
}

/** Between two drawings of a bar of which nothing new is known, so that the seconds go on. */
const redrawMilliseconds = 1000;

function barProgress(stream: NodeJS.WriteStream): Progress {
  let shown: { event: ProgressEvent; since: number } | undefined;
  const bar = new SingleBar({
    stream,
    format: () => (shown ? barLine(shown.event, (performance.now() - shown.since) / 1000, stream.columns ?? 80) : ""),
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    update(stage, fraction, event) {
      const since = shown?.event.stage === stage ? shown.since : performance.now();
      shown = { event, since };
      if (timer === undefined) {
        bar.start(1, 0);
        timer = setInterval(() => bar.update(Math.min(1, shown?.event.fraction ?? 0)), redrawMilliseconds);
        timer.unref();
      }
      bar.update(fraction);
    },
    done() {
      clearInterval(timer);
      if (timer !== undefined) bar.stop();
      timer = undefined;
    },
  };
}

const widestBar = 30;
const narrowestBar = 8;
/** Columns for the stage's name, the longest share, rate and time left, and for share and time left alone. */
const room = { stage: 20, details: 45, withoutRate: 22 };

/**
 * The stage, a bar, and what is known of it, in one line of a terminal: where it is narrow the rate goes first, then the
 * bar, then the time left. What there is room for depends on the terminal alone, so that nothing jumps.
 * @param seconds since the stage began
 */
export function barLine(event: ProgressEvent, seconds: number, columns: number): string {
  // A terminal may break a line that fills its last column.
  const width = Math.max(0, columns - 1);
  const all = detailsOf(event);
  if (all.length === 0 && seconds >= 1) all.push(duration(seconds));
  const stageWidth = Math.min(room.stage, Math.max(8, width - 1 - room.withoutRate));
  const barFor = (details: number) => Math.min(widestBar, width - stageWidth - 2 - details);
  const hasRate = barFor(room.details) >= narrowestBar;
  const size = barFor(hasRate ? room.details : room.withoutRate);
  const details = hasRate ? all : all.filter((detail) => !detail.endsWith("/s"));
  const full = Math.round(size * event.fraction);
  const bar = size >= narrowestBar ? ` ${"━".repeat(full)}${" ".repeat(size - full)}` : "";
  return `${fit(event.stage, stageWidth)}${bar} ${details.join("  ")}`.slice(0, width).trimEnd();
}

function fit(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Such as "45%", "1,234 steps/s", "8 s left": what is known. */
function detailsOf({ fraction, done, total, unit, perSecond, secondsLeft }: ProgressEvent): string[] {
  const details: string[] = [];
  if (fraction > 0) details.push(`${String(Math.floor(100 * fraction)).padStart(3)}%`);
  else if (done !== null && total === null && done > 0) details.push(`${integer(done)} ${unit}`);
  if (perSecond !== null && perSecond > 0) details.push(`${rate(perSecond)} ${unit}/s`);
  if (secondsLeft !== null && fraction < 1) details.push(`${duration(secondsLeft)} left`);
  return details;
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toPrecision(2) : integer(Number(perSecond.toPrecision(3)));
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
