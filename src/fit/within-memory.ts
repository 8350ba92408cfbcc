import type { Engine } from "../engine/engine.ts";
import { EngineMemoryError } from "../engine/memory.ts";
import { InputError } from "../errors.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { NoStableStepError, SamplerOptionError } from "../sampling/sampler.ts";
import { UnstableError } from "../theory/stability.ts";

/** Runs `work`, and takes back the memory it allocated. What a person can mend arrives as an InputError. */
export async function withMemoryOf<T>({ memory }: Engine, work: () => Promise<T>): Promise<T> {
  const mark = memory.mark();
  try {
    return await work();
  } catch (error) {
    throw isMendable(error) && !(error instanceof InputError) ? new InputError(error.message) : error;
  } finally {
    memory.release(mark);
  }
}

/** Whether other options or other data would help; the message then is a sentence for the user. */
function isMendable(error: unknown): error is Error {
  return (
    error instanceof InputError ||
    error instanceof SamplerOptionError ||
    error instanceof NoStableStepError ||
    error instanceof RunAwayError ||
    error instanceof UnstableError ||
    error instanceof EngineMemoryError
  );
}
