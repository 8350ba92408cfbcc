/** The reason of the signal if a time limit ended the work. */
export class TimeLimitError extends Error {
  override name = "TimeLimitError";
}

/**
 * Runs `work` under a signal that is aborted after this many seconds, or together with the other signal. The controller
 * is held here, by the
 * timer and by the caller alike: `AbortSignal.timeout` inside `AbortSignal.any` is not, and Node.js 20 collects it as garbage.
 * @throws TimeLimitError where time has run out; the other signal's reason where it was aborted
 */
export async function withinTime<T>(
  seconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener("abort", forward, { once: true });
  const end = performance.now() + 1000 * seconds;
  const timer = setTimeout(() => controller.abort(new TimeLimitError()), Math.min(1000 * seconds, longestTimer));
  try {
    const result = await work(controller.signal);
    // Work that did not yield to the timer has exceeded the limit all the same.
    if (performance.now() > end) throw new TimeLimitError();
    return result;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }
}

/** Timers with more milliseconds than fit into 31 bits fire at once. */
const longestTimer = 2 ** 31 - 1;
