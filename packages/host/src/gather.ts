/**
 * The micro-batching door (R1): what arrives while as many batches are in flight as may be goes into the next one. No timer: the
 * first item starts at once, and load makes the batches.
 */
export interface Gather<Item, Result> {
  /** Resolves with the item's own result. Rejects with what its batch rejected with. */
  submit(item: Item): Promise<Result> | QueueFull;
  /** Takes items that belong together, from the first on as many as there is room for. */
  submitAll(items: readonly Item[]): Taken<Result>;
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

/** How many items were taken, and their results in order. Rejects with what the first batch to fail rejected with. */
export interface Taken<Result> {
  readonly count: number;
  readonly results: Promise<readonly Result[]>;
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

  const startSoon = (): void => {
    // After this turn: what one request submits item by item forms one batch.
    if (scheduled || !mayStart()) return;
    scheduled = true;
    queueMicrotask(start);
  };

  return {
    submit(item) {
      if (queue.length >= maxQueued) return { refused: "queue_full", queued: queue.length };
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, ticket: { results: null, missing: 1, resolve, reject }, place: 0 });
        startSoon();
      });
    },
    submitAll(items) {
      const count = Math.max(0, Math.min(items.length, maxQueued - queue.length));
      if (count === 0) return { count, results: Promise.resolve([]) };
      const results = new Promise<readonly Result[]>((resolve, reject) => {
        const ticket = { results: new Array<Result>(count), missing: count, resolve, reject };
        for (let place = 0; place < count; place++) queue.push({ item: items[place] as Item, ticket, place });
        startSoon();
      });
      return { count, results };
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

/** What is owed to one caller: the result of its only item, or of all its items once none is missing. */
type Ticket<Result> = {
  missing: number;
  readonly reject: (error: unknown) => void;
} & (
  | { readonly results: null; readonly resolve: (result: Result) => void }
  | { readonly results: Result[]; readonly resolve: (results: readonly Result[]) => void }
);

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly ticket: Ticket<Result>;
  readonly place: number;
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
    for (let index = 0; index < batch.length; index++)
      deliver(batch[index] as Waiting<Item, Result>, results[index] as Result);
  } catch (error) {
    for (const { ticket } of batch) ticket.reject(error);
  }
}

function deliver<Item, Result>({ ticket, place }: Waiting<Item, Result>, result: Result): void {
  if (ticket.results === null) {
    ticket.resolve(result);
    return;
  }
  ticket.results[place] = result;
  ticket.missing -= 1;
  if (ticket.missing === 0) ticket.resolve(ticket.results);
}
