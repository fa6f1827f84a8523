/**
 * The micro-batching door (R1, path notes): what arrives while a batch is in flight goes into the next one.
 * No timer: the first item starts at once, and load makes the batches.
 */
export interface Gather<Item, Result> {
  /** Resolves with the item's own result. Rejects with what its batch rejected with. */
  submit(item: Item): Promise<Result> | QueueFull;
  /** Items that wait for a batch. */
  readonly queued: number;
  /** Batches that run now. */
  readonly inFlight: number;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
}

/** A refusal: the item was not taken. */
export interface QueueFull {
  readonly refused: "queue_full";
  readonly queued: number;
}

export interface GatherOptions<Item, Result> {
  /** Results are parallel to the items. A rejection, or another number of results, fails this batch's items only. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly maxBatch: number;
  /** Items that may wait; more are refused. */
  readonly maxQueued: number;
  /** How many batches run at once. Default 1: the batches then keep the order of arrival. */
  readonly maxInFlight?: 1 | 2;
  /** A second batch starts beside the first only with so many items: small ones would only cost more. Default 1. */
  readonly overlapFrom?: number;
}

export function isQueueFull<Result>(submitted: Promise<Result> | QueueFull): submitted is QueueFull {
  return "refused" in submitted;
}

export function gather<Item, Result>(options: GatherOptions<Item, Result>): Gather<Item, Result> {
  const { run, maxBatch, maxQueued, maxInFlight = 1, overlapFrom = 1 } = options;
  let queue: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let scheduled = false;
  let idleWaiters: (() => void)[] = [];

  const mayStart = (): boolean =>
    inFlight < maxInFlight && queue.length >= (inFlight === 0 ? 1 : overlapFrom);

  const start = (): void => {
    scheduled = false;
    while (mayStart()) {
      const batch = queue.length <= maxBatch ? queue : queue.slice(0, maxBatch);
      queue = queue.length <= maxBatch ? [] : queue.slice(maxBatch);
      inFlight += 1;
      void runBatch(run, batch).then(finish);
    }
  };
  const finish = (): void => {
    inFlight -= 1;
    start();
    if (inFlight === 0) {
      const waiters = idleWaiters;
      idleWaiters = [];
      for (const resolve of waiters) resolve();
    }
  };

  return {
    submit(item) {
      if (queue.length >= maxQueued) return { refused: "queue_full", queued: queue.length };
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        // After this turn: what one request submits item by item forms one batch.
        if (!scheduled && mayStart()) {
          scheduled = true;
          queueMicrotask(start);
        }
      });
    },
    get queued() {
      return queue.length;
    },
    get inFlight() {
      return inFlight;
    },
    idle() {
      if (inFlight === 0 && queue.length === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
  };
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Never rejects: the items are told. */
async function runBatch<Item, Result>(
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
  batch: readonly Waiting<Item, Result>[],
): Promise<void> {
  try {
    const results = await run(batch.map((waiting) => waiting.item));
    if (results.length !== batch.length) {
      throw new RangeError(`a batch of ${batch.length} items has as many results, got ${results.length}`);
    }
    for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as Result);
  } catch (error) {
    for (const waiting of batch) waiting.reject(error);
  }
}
