import { SingleBar } from "cli-progress";
import type { ProgressListener } from "../src/posterior/load.ts";

export interface Progress {
  readonly update: ProgressListener;
  done(): void;
}

/** A bar on a terminal, a line a stage elsewhere, nothing when quiet. */
export function createProgress(stream: NodeJS.WriteStream, { quiet }: { quiet: boolean }): Progress {
  if (quiet) return { update: () => {}, done: () => {} };
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  let current = "";
  return {
    update(stage) {
      if (stage === current) return;
      current = stage;
      stream.write(`${stage} …\n`);
    },
    done() {},
  };
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  const bar = new SingleBar({
    stream,
    format: "{stage} {bar} {percentage}%",
    barsize: Math.max(10, Math.min(40, (stream.columns ?? 80) - 30)),
    barCompleteChar: "━",
    barIncompleteChar: " ",
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  let started = false;
  return {
    update(stage, fraction) {
      const payload = { stage: stage.padEnd(18) };
      if (!started) bar.start(100, 0, payload);
      started = true;
      bar.update(Math.round(100 * Math.min(1, fraction)), payload);
    },
    done() {
      if (started) bar.stop();
      started = false;
    },
  };
}
