import { encodeFrame, framesOf } from "./frames.ts";
import { type PartQuestion, type PartReply, PartWorker } from "./part-worker-node.ts";

// What runs beside each of an executor's Python processes (ornstein_executor.py): questions to parts come on standard input, answers
// go to standard output, and its end is the end of the input.
const worker = await PartWorker.create();
const frames = framesOf(process.stdin);
for (;;) {
  const { done, value } = await frames.next();
  if (done) break;
  try {
    for await (const reply of worker.replies(value.content as PartQuestion, frames)) say(reply);
  } catch (error) {
    say({ failure: String((error as Error).stack ?? error) });
  }
}

function say({ data, ...content }: PartReply & { readonly failure?: string }): void {
  for (const bytes of encodeFrame(content, data)) process.stdout.write(bytes);
}
