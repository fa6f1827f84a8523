import assert from "node:assert/strict";
import { test } from "node:test";
import { gather, isQueueFull } from "./gather.ts";

/** A run that ends when the test says so. */
function controlled() {
  const batches: {
    items: readonly number[];
    finish: (results?: readonly string[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  const run = (items: readonly number[]): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      batches.push({
        items,
        finish: (results) => resolve(results ?? items.map((item) => `r${item}`)),
        fail: reject,
      });
    });
  return { batches, run };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function taken<T>(submitted: Promise<T> | { refused: "queue_full" }): Promise<T> {
  assert.ok(!("refused" in submitted), "the item was taken");
  return submitted;
}

test("what arrives while a batch is in flight goes into the next one", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 100 });
  const first = taken(door.submit(1));
  await turn();
  const rest = [2, 3, 4].map((item) => taken(door.submit(item)));
  await turn();
  assert.deepEqual(
    batches.map(({ items }) => items),
    [[1]],
    "the second batch waits for the first",
  );
  assert.deepEqual([door.queued, door.inFlight], [3, 1]);
  batches[0]?.finish();
  assert.equal(await first, "r1");
  await turn();
  assert.deepEqual(batches[1]?.items, [2, 3, 4]);
  batches[1]?.finish();
  assert.deepEqual(await Promise.all(rest), ["r2", "r3", "r4"]);
  await door.idle();
});

test("items of one turn form one batch, capped by maxBatch, in the order of arrival", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 2, maxQueued: 100 });
  const all = [1, 2, 3, 4, 5].map((item) => taken(door.submit(item)));
  for (let batch = 0; batch < 3; batch++) {
    await turn();
    assert.equal(batches.length, batch + 1, "one at a time");
    batches[batch]?.finish();
  }
  await Promise.all(all);
  assert.deepEqual(
    batches.map(({ items }) => items),
    [[1, 2], [3, 4], [5]],
  );
});

test("a full queue refuses, and takes again when there is room", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 2 });
  const running = taken(door.submit(1));
  await turn();
  const waiting = [taken(door.submit(2)), taken(door.submit(3))];
  const refused = door.submit(4);
  assert.ok(isQueueFull(refused));
  assert.deepEqual(refused, { refused: "queue_full", queued: 2 });
  batches[0]?.finish();
  await running;
  await turn();
  const later = taken(door.submit(5));
  batches[1]?.finish();
  await Promise.all(waiting);
  await turn();
  batches[2]?.finish();
  assert.equal(await later, "r5");
});

test("a failing batch rejects its own items and no others", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 100 });
  const first = taken(door.submit(1));
  await turn();
  const second = taken(door.submit(2));
  batches[0]?.fail(new Error("away"));
  await assert.rejects(first, /away/);
  await turn();
  batches[1]?.finish();
  assert.equal(await second, "r2");
});

test("another number of results than items is a failure of the batch", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 100 });
  const both = [taken(door.submit(1)), taken(door.submit(2))];
  await turn();
  batches[0]?.finish(["only one"]);
  for (const item of both) await assert.rejects(item, /as many results, got 1/);
});

test("a run that throws at once is a failure of the batch too", async () => {
  const door = gather<number, number>({
    run: () => {
      throw new Error("at once");
    },
    maxBatch: 1,
    maxQueued: 1,
  });
  await assert.rejects(taken(door.submit(1)), /at once/);
  await door.idle();
});

test("two batches run at once where that is allowed", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 1, maxQueued: 10, maxInFlight: 2 });
  const all = [1, 2, 3].map((item) => taken(door.submit(item)));
  await turn();
  assert.deepEqual(
    batches.map(({ items }) => items),
    [[1], [2]],
  );
  batches[1]?.finish();
  await all[1];
  await turn();
  assert.deepEqual(batches[2]?.items, [3]);
  batches[0]?.finish();
  batches[2]?.finish();
  await Promise.all(all);
});

test("a second batch starts beside the first only once enough items wait", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 100, maxInFlight: 2, overlapFrom: 3 });
  const all = [taken(door.submit(1))];
  await turn();
  for (const item of [2, 3]) all.push(taken(door.submit(item)));
  await turn();
  assert.equal(batches.length, 1);
  all.push(taken(door.submit(4)));
  await turn();
  assert.deepEqual(batches[1]?.items, [2, 3, 4]);
  all.push(taken(door.submit(5)));
  batches[1]?.finish();
  await turn();
  assert.equal(batches.length, 2, "one item waits while the first batch still runs");
  batches[0]?.finish();
  await turn();
  assert.deepEqual(batches[2]?.items, [5], "alone, any number will do");
  let idle = false;
  void door.idle().then(() => {
    idle = true;
  });
  await turn();
  assert.ok(!idle);
  batches[2]?.finish();
  await Promise.all(all);
  await turn();
  assert.ok(idle);
});

test("items that are taken together get their results together, whatever batches they go in", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 2, maxQueued: 100, maxInFlight: 2 });
  const alone = taken(door.submit(1));
  const together = door.submitAll([2, 3, 4]);
  assert.equal(together.count, 3);
  await turn();
  assert.deepEqual(
    batches.map(({ items }) => items),
    [
      [1, 2],
      [3, 4],
    ],
  );
  batches[1]?.finish();
  await turn();
  batches[0]?.finish();
  assert.equal(await alone, "r1");
  assert.deepEqual(await together.results, ["r2", "r3", "r4"]);
  await door.idle();
});

test("of items that come together those are taken that there is room for", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 10, maxQueued: 3 });
  const first = taken(door.submit(1));
  const some = door.submitAll([2, 3, 4, 5]);
  const none = door.submitAll([6]);
  assert.deepEqual([some.count, none.count, door.queued], [2, 0, 3]);
  await turn();
  assert.deepEqual(batches[0]?.items, [1, 2, 3]);
  batches[0]?.finish();
  assert.deepEqual(await Promise.all([first, some.results, none.results]), ["r1", ["r2", "r3"], []]);
});

test("a batch that fails rejects all that were taken together with one of its items, and nobody else", async () => {
  const { batches, run } = controlled();
  const door = gather({ run, maxBatch: 2, maxQueued: 100 });
  const together = door.submitAll([1, 2, 3]);
  const other = taken(door.submit(4));
  await turn();
  batches[0]?.fail(new Error("away"));
  await assert.rejects(together.results, /away/);
  await turn();
  batches[1]?.finish();
  assert.equal(await other, "r4");
});
