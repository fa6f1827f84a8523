import type { AbortSignalLike, Timer } from "@bourse/base";
import type { Deadline } from "./deadline.ts";

/** A start that was told to end goes on to its own end, unless it gets on no more for so long. */
const PATIENCE_WHILE_ENDING_MS = 3_000;

/** A deadline of one wait of a start, which begins with `ending`. */
export interface Patience extends Deadline {
  readonly isOver: boolean;
}

/** Counted in time, whatever the wait spends it on: a pause, or an attempt that hangs until its own limit. */
export function patienceWhileEnding(timer: Timer, ending: AbortSignalLike | undefined): Patience {
  const over = Promise.withResolvers<undefined>();
  let isOver = false;
  let stop = (): void => undefined;
  const begin = (): void => {
    stop = timer.after(PATIENCE_WHILE_ENDING_MS, () => {
      isOver = true;
      over.resolve(undefined);
    });
  };
  if (ending?.aborted === true) begin();
  else ending?.addEventListener("abort", begin);
  return {
    passed: over.promise,
    get isOver() {
      return isOver;
    },
    cancel: () => {
      ending?.removeEventListener("abort", begin);
      stop();
    },
  };
}
