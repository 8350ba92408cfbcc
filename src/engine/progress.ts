/** How far a run is. */
export interface ProgressEvent {
  /** What is being done, such as "sampling". */
  readonly stage: string;
  /** How much of the stage is done: never falls within a stage, and ends at 1. 0 all along where nobody knows. */
  readonly fraction: number;
  /** How much that is in `unit`s, and of how many; null where they are not counted, or their number is not known. */
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: ProgressUnit | null;
  /** Units a second since the stage began. */
  readonly perSecond: number | null;
  /** Of the stage, at the pace so far; null where its end cannot be told. */
  readonly secondsLeft: number | null;
}

export type ProgressUnit = "rows" | "steps" | "iterations" | "coefficients" | "files";

/** Hears how far a run is, a few times a second: `fraction` of `stage` is done, and what else is known of it. */
export type ProgressListener = (stage: string, fraction: number, event: ProgressEvent) => void;

/** What a fraction is of. */
interface ProgressAmount {
  readonly done: number;
  readonly total?: number;
  readonly unit: ProgressUnit;
}

/** How the parts of a run tell how far they are, as often as they like. */
export type ReportProgress = (stage: string, fraction: number, amount?: ProgressAmount) => void;

/** Between two events of a stage, its first and last one aside; and between two looks at what threads have done. */
export const progressMilliseconds = 200;

const minMillisecondsToTell = 500;

interface Stage {
  readonly name: string;
  readonly started: number;
  /** What runs of the stage that ended before contributed to the fraction and the amount. */
  base: { readonly fraction: number; readonly done: number };
  raw: { readonly fraction: number; readonly done: number };
  shown: number;
  last: number;
  lastEvent: ProgressEvent;
}

/** Takes reports, or the events that another listener would hear, and the end of the last stage. */
export interface ProgressReporter {
  (stage: string, fraction: number, amount?: ProgressAmount | ProgressEvent): void;
  /** Tells that the stage that is under way is done. */
  finish(): void;
}

/**
 * What parts of a run report, as a listener should hear it: events a few times a second, the first and the last of each stage
 * among them, fractions that never fall, rates and the time left. A stage may consist of several runs from 0 to 1: each fills
 * what the one before left. A reporter that is given for a listener is returned as it is.
 */
export function progressReporter(listener: ProgressListener | undefined): ProgressReporter | undefined {
  if (listener === undefined) return undefined;
  if ("finish" in listener) return listener as ProgressReporter;
  let stage: Stage | undefined;

  const emit = (current: Stage, event: ProgressEvent, now: number) => {
    current.shown = event.fraction;
    current.last = now;
    current.lastEvent = event;
    listener(event.stage, event.fraction, event);
  };

  const finish = () => {
    if (stage && stage.shown < 1) {
      const { lastEvent } = stage;
      const total = lastEvent.total ?? lastEvent.done;
      emit(stage, { ...lastEvent, fraction: 1, done: total, total, secondsLeft: 0 }, performance.now());
    }
    stage = undefined;
  };

  const report = (name: string, given: number, what?: ProgressAmount | ProgressEvent) => {
    const amount = what && isAmount(what) ? what : undefined;
    const now = performance.now();
    const fraction = Math.min(1, Math.max(0, Number.isFinite(given) ? given : 0));
    const done = amount?.done ?? 0;
    const isNew = stage?.name !== name;
    if (isNew) {
      finish();
      const none = { fraction: 0, done: 0 };
      const nothing: ProgressEvent = {
        stage: name,
        fraction: 0,
        done: null,
        total: null,
        unit: null,
        perSecond: null,
        secondsLeft: null,
      };
      stage = { name, started: now, base: none, raw: none, shown: 0, last: now, lastEvent: nothing };
    }
    const current = stage!;
    if (fraction < current.raw.fraction)
      current.base = { fraction: shownOf(current), done: current.base.done + current.raw.done };
    current.raw = { fraction, done: Math.max(done, 0) };
    const shown = Math.max(current.shown, shownOf(current));
    const ends = shown === 1 && current.shown < 1;
    if (!isNew && !ends && (current.shown === 1 || now - current.last < progressMilliseconds)) return;
    emit(current, eventOf(current, shown, amount, now), now);
  };
  return Object.assign(report, { finish });
}

function isAmount(what: ProgressAmount | ProgressEvent): what is ProgressAmount {
  return what.done !== null && what.unit !== null;
}

/** The fraction of all runs of the stage. */
function shownOf({ base, raw }: Stage): number {
  return base.fraction + (1 - base.fraction) * raw.fraction;
}

function eventOf(
  { name, started, base }: Stage,
  fraction: number,
  amount: ProgressAmount | undefined,
  now: number,
): ProgressEvent {
  const seconds = (now - started) / 1000;
  const isTelling = 1000 * seconds >= minMillisecondsToTell;
  const done = amount ? base.done + amount.done : null;
  const total = amount?.total === undefined ? null : base.done + amount.total;
  return {
    stage: name,
    fraction,
    done,
    total,
    unit: amount?.unit ?? null,
    perSecond: done !== null && isTelling ? done / seconds : null,
    secondsLeft:
      fraction === 1 ? 0 : total !== null && fraction > 0 && isTelling ? (seconds * (1 - fraction)) / fraction : null,
  };
}

/**
 * The same reports of a part of a stage that is followed by others, nobody knows how many: it fills half of what is left.
 * Where the end cannot be told, neither can the number of units.
 */
export function oneOfSeveral(report: ReportProgress | undefined): ReportProgress | undefined {
  return (
    report &&
    ((stage, fraction, amount) => report(stage, fraction / 2, amount && { done: amount.done, unit: amount.unit }))
  );
}
