import type { EventBus } from "@bourse/bus";
import { busWith } from "./bus-with.ts";
import { commands, everything, type TestEnd, testBus } from "./fixtures.ts";
import { type Given, type Instance, instance } from "./relays.ts";

/** A broker that may come back with less of a log than it had. `told`: it is asked for its end before a send. */
export function lossyBroker(
  first: EventBus,
  told: boolean,
): { readonly bus: EventBus; comesBackAs(left: EventBus): void } {
  let now = first;
  return {
    comesBackAs: (left) => {
      now = left;
    },
    bus: busWith(first, {
      send: (batches) => now.send(told ? batches : batches.map(({ behind: _behind, ...batch }) => batch)),
      read: (options) => now.read(options),
      offsets: (topic) => now.offsets(topic),
      offsetsAt: (topic, timestampMs) => now.offsetsAt(topic, timestampMs),
      tail: (topic, partition, count) => now.tail(topic, partition, count),
    }),
  };
}

/** The first `keep` records of the log, as the broker has them when it comes back. */
export async function beginningOf(t: TestEnd, bus: EventBus, keep: number): Promise<EventBus> {
  const all = await everything(bus, commands, 0);
  const records = all
    .slice(0, keep)
    .map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs }));
  const other = await testBus(t);
  if (records.length > 0) await other.send([{ topic: commands.name, partition: 0, records }]);
  return other;
}

export interface MortalInstance extends Instance {
  /** The process is gone: nothing of what it still tries reaches the topics or the database. */
  dies(): void;
  /** It dies at so many of its calls from now on: before every second one, else once that is done and not answered. */
  diesAfter(calls: number): void;
  readonly isDead: boolean;
  /** Resolves once it is dead. */
  readonly end: Promise<void>;
}

/** `notesGaps`: it dies of calls at no time when it has written a gap, or may just do so, and has not noted that yet. */
export function mortalInstance(
  all: Given,
  { notesGaps = false }: { readonly notesGaps?: boolean } = {},
): MortalInstance {
  const { promise: end, resolve: ended } = Promise.withResolvers<void>();
  let isDead = false;
  let points = Number.POSITIVE_INFINITY;
  let mayHaveGap = false;
  const dies = (): void => {
    isDead = true;
    ended();
  };
  const never = new Promise<never>(() => undefined);
  const passes = (): boolean => {
    if (!isDead && points-- <= 0 && !(notesGaps && mayHaveGap)) dies();
    return !isDead;
  };
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!passes()) return await never;
    const done = await work();
    return passes() ? done : await never;
  };
  const undone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!passes()) throw new Error("its connection is gone");
    return await work();
  };
  const store: Given["store"] = {
    ...all.store,
    query: (statement) => alive(() => all.store.query(statement)),
    transaction: (name, work) =>
      alive(async () => {
        const done = await all.store.transaction(name, (tx) =>
          work({
            run: (statements) => undone(() => tx.run(statements)),
            commit: (statements) => undone(() => tx.commit(statements)),
          }),
        );
        if (name === "relay.lost") mayHaveGap = false;
        return done;
      }),
  };
  const { bus } = all;
  const mortalBus = busWith(bus, {
    send: (batches) =>
      alive(async () => {
        const hadGap = mayHaveGap;
        mayHaveGap = true;
        const sent = await bus.send(batches).catch((error: unknown) => {
          mayHaveGap = hadGap;
          throw error;
        });
        const isBehind = sent.every(({ firstOffset }, nth) => firstOffset >= (batches[nth]?.behind ?? 0n));
        mayHaveGap = hadGap || !isBehind;
        return sent;
      }),
    read: (options) => alive(() => bus.read(options)),
    topics: () => alive(() => bus.topics()),
    offsets: (topic) => alive(() => bus.offsets(topic)),
    offsetsAt: (topic, timestampMs) => alive(() => bus.offsetsAt(topic, timestampMs)),
    tail: (topic, partition, count) => alive(() => bus.tail(topic, partition, count)),
  });
  const one = instance({ ...all, store, bus: mortalBus });
  return {
    ...one,
    dies,
    diesAfter: (calls) => {
      points = calls;
    },
    get isDead() {
      return isDead;
    },
    end,
  };
}

/** The last number that a reader has applied which takes what is missing from behind a gap (decision 0064). */
export function appliedUpTo(log: readonly number[]): number {
  let last = 0;
  for (let place = 0; place < log.length; ) {
    if ((log[place] ?? 0) <= last + 1) last = Math.max(last, log[place++] ?? 0);
    else if (!log.includes(last + 1, place)) return last;
    else last++;
  }
  return last;
}
