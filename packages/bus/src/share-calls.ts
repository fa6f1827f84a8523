import type { ConsumeOptions, StartPosition } from "./port.ts";
import type { TopicPartition } from "./topic-partition.ts";

/**
 * Tells a member what it is given and what it loses, in the order in which it happens and one after the other: an answer
 * to `onAssigned` may take as long as a database does, and what is lost meanwhile is told after it.
 */
export class ShareCalls {
  readonly #options: Pick<ConsumeOptions, "onAssigned" | "onRevoked">;
  readonly #isClosed: () => boolean;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: Pick<ConsumeOptions, "onAssigned" | "onRevoked">, isClosed: () => boolean) {
    this.#options = options;
    this.#isClosed = isClosed;
  }

  /** Where to start. Rejects with what `onAssigned` rejects with. */
  given(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, StartPosition>> {
    return this.#inTurn(() => this.#options.onAssigned(partitions));
  }

  /** At once where nothing is waited for. */
  lost(partitions: readonly TopicPartition[]): void {
    const tell = (): void => {
      if (!this.#isClosed()) this.#options.onRevoked?.(partitions);
    };
    if (this.#waiting === 0) tell();
    else void this.#inTurn(async () => tell());
  }

  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const done = this.#last.then(call);
    this.#last = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      this.#waiting--;
    }
  }
}
