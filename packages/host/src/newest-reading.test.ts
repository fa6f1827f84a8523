import assert from "node:assert/strict";
import { test } from "node:test";
import { NewestReading } from "./newest-reading.ts";

test("what was read earlier never replaces what was read later", async () => {
  const loaded: string[] = [];
  const reading = new NewestReading();
  const [first, second, third] = ["first", "second", "third"].map((name) => {
    const answer = Promise.withResolvers<string>();
    const done = reading.load(
      () => answer.promise,
      (rows) => loaded.push(rows),
    );
    return { answer: () => answer.resolve(name), done };
  });
  second?.answer();
  await second?.done;
  first?.answer();
  await first?.done;
  assert.deepEqual(loaded, ["second"]);
  third?.answer();
  await third?.done;
  assert.deepEqual(loaded, ["second", "third"]);
});

test("a reading that failed keeps none from being loaded", async () => {
  const loaded: string[] = [];
  const reading = new NewestReading();
  const load = (rows: string): unknown => loaded.push(rows);
  const slow = Promise.withResolvers<string>();
  const earlier = reading.load(() => slow.promise, load);
  await assert.rejects(
    reading.load(() => Promise.reject(new Error("the store is away")), load),
    /away/,
  );
  slow.resolve("earlier");
  await earlier;
  assert.deepEqual(loaded, ["earlier"]);
});
