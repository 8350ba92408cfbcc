/**
 * What a run has worked out so far, kept where the end of the process does not reach it (docs/checkpoints.md). The same run, begun
 * again, computes the same numbers in the same order, and takes from here what is here: nothing else has to be said of where
 * it stood. Values are plain: numbers, texts, arrays of numbers, and objects of these.
 */
export interface Checkpoint {
  /** Whether enough time has gone by for the state of something long to be kept again. */
  readonly isDue: boolean;
  /** What was computed in less time is computed again. */
  readonly minMilliseconds: number;
  /**
   * The key of a computation: what it is, and what it is computed from, beside the data and the options, which are the run's.
   * The n-th of several that are alike has a key of its own, so every run has to ask for the same keys in the same order.
   */
  keyOf(kind: string, from: readonly unknown[]): string;
  recall(key: string): unknown;
  /**
   * Refuses data that are not those of the interrupted run.
   * @param data all that is computed from, as numbers
   * @throws InputError
   */
  requireSame(data: readonly ArrayBufferView[]): void;
  /** Keeps the value, in place of the one before. It is read at once or a few seconds later. */
  keep(key: string, value: unknown): void;
}

/**
 * The value that a run before has kept, or `compute`'s.
 * @param from what decides the value, beside the run's data and options
 */
export async function remembered<Value>(
  checkpoint: Checkpoint | undefined,
  kind: string,
  from: readonly unknown[],
  compute: () => Promise<Value>,
): Promise<Value> {
  if (!checkpoint) return compute();
  const key = checkpoint.keyOf(kind, from);
  const known = checkpoint.recall(key);
  if (known !== undefined) return known as Value;
  const started = performance.now();
  const value = await compute();
  if (performance.now() - started >= checkpoint.minMilliseconds) checkpoint.keep(key, value);
  return value;
}

/** Where something long keeps its state: one key of a checkpoint. */
export interface StatePlace<State> {
  /** As the checkpoint's. */
  readonly minMilliseconds: number;
  /** The state that a run before has kept. */
  readonly before: State | undefined;
  /** Keeps the state where it is time to. */
  offer(state: () => State): void;
  /** Keeps the state that it ended in. */
  keep(state: State): void;
}

/** A place for the state of something long; none without a checkpoint. */
export function statePlace<State>(
  checkpoint: Checkpoint | undefined,
  kind: string,
  from: readonly unknown[],
): StatePlace<State> | undefined {
  if (!checkpoint) return undefined;
  const key = checkpoint.keyOf(kind, from);
  return {
    minMilliseconds: checkpoint.minMilliseconds,
    before: checkpoint.recall(key) as State | undefined,
    offer: (state) => {
      if (checkpoint.isDue) checkpoint.keep(key, state());
    },
    keep: (state) => checkpoint.keep(key, state),
  };
}
