import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { it } from "node:test";
import { readEngineStream } from "@bourse/recordings";
import { generatedStream } from "../testing/generated-market.ts";
import { batchesOf } from "./batches.ts";
import { ReplayPlan } from "./plan.ts";

const TERMS = { run: "t", symbol: "X", accounts: 50 };

it("a recording is cut into batches that hold all of it, in its order", async () => {
  const text = generatedStream({ seed: 1, commands: 1_005 });
  const read = () => readEngineStream(Readable.from([text]));
  const batches = await Array.fromAsync(batchesOf(read(), new ReplayPlan(TERMS), 100));
  const plan = new ReplayPlan(TERMS);
  const planned = (await Array.fromAsync(read())).map((command) => plan.next(command));

  const items = planned.flatMap((each) => (each.kind === "order" ? [each.item] : []));
  assert.deepEqual(
    batches.flatMap((batch) => batch.items),
    items,
  );
  assert.deepEqual(
    batches.flatMap((batch) => batch.prints),
    planned.flatMap((each) => (each.kind === "print" ? [each.print] : [])),
  );
  for (const batch of batches) {
    assert.ok(batch.items.length <= 100);
    assert.deepEqual(JSON.parse(batch.body), { items: batch.items, stopWhenUnavailable: true });
  }
  assert.equal(batches.length, Math.ceil(items.length / 100));
  assert.equal(batches.at(-1)?.commandsSoFar, 1_005);
});
