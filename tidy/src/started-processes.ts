import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";

const CHANNEL = "child_process";

/**
 * Watches which processes are started: `node:test` tells nobody of those that it runs files in, asks one that is overdue to
 * end, and then waits for it and for whoever else holds its output.
 */
export function watchProcesses(): { end(isMeant: (child: ChildProcess) => boolean): void } {
  const started: ChildProcess[] = [];
  const take = (message: unknown): void => {
    started.push((message as { readonly process: ChildProcess }).process);
  };
  subscribe(CHANNEL, take);
  return {
    /** Ends those that are meant and still run, and reads no more of what they print. */
    end(isMeant) {
      unsubscribe(CHANNEL, take);
      for (const child of started.filter(isMeant)) {
        child.kill("SIGKILL");
        child.stdout?.destroy();
        child.stderr?.destroy();
      }
    },
  };
}
