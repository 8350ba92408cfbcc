import { InputError } from "../../src/errors.ts";
import type { Answer, Call, Calls } from "./protocol.ts";
import { createSession } from "./session.ts";

const send = (answer: Answer) => (globalThis.postMessage as (message: unknown) => void)(answer);
const session = createSession({
  onProgress: (_stage, _fraction, progress) => send({ progress }),
  onRunning: (running) => send({ running }),
});

/** Does what the page asks for, and answers. */
export async function hear({ id, call, given }: Call): Promise<void> {
  const handle = session[call] as (given: Calls[typeof call]["given"]) => Promise<unknown>;
  try {
    send({ id, result: await handle(given) });
  } catch (error) {
    const isUnforeseen = !(error instanceof InputError);
    if (isUnforeseen) console.error(error);
    send({ id, problem: (error as Error).message, isUnforeseen });
  }
}
