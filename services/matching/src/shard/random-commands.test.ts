import assert from "node:assert/strict";
import { test } from "node:test";
import { randomCommands } from "@bourse/engine/testing";
import { Desk, type Told } from "../testing.ts";
import { eventOf } from "../testing-commands.ts";

/** In the last two a child that was larger than its parent's fill never woke. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 111, 127];
const COMMANDS = 1_000;

/** The parts of an order as its report has them. */
function parts({ quantity, leavesQuantity, cumulativeQuantity, cancelledQuantity }: Told): readonly number[] {
  return [quantity, leavesQuantity, cumulativeQuantity, cancelledQuantity].map(Number);
}

for (const seed of SEEDS) {
  test(`no command stops a partition, and every report adds up: seed ${seed}`, () => {
    const desk = new Desk();
    desk.timeMs = 0;
    const done = new Set<unknown>();
    for (const command of randomCommands(seed, COMMANDS)) {
      const event = eventOf(command);
      // `order` gives no number and no order id twice.
      if (event === null || command.request <= desk.sequence) continue;
      // The handles of the engine's commands are their requests.
      desk.sequence = command.request - 1;
      desk.timeMs = Math.max(desk.timeMs, command.atMs);
      for (const told of desk.tell(event)) {
        if (told.eventType !== "ExecutionReport") continue;
        const [quantity = 0, leaves = 0, filled = 0, cancelled = 0] = parts(told);
        const words: string = `${JSON.stringify(told)} of ${JSON.stringify(event)}`;
        if (told.execType !== "REJECTED") assert.equal(quantity, leaves + filled + cancelled, words);
        assert.ok(!done.has(told.orderId), `nothing is told of an order that is done: ${words}`);
        if (told.done === true) done.add(told.orderId);
      }
    }
    assert.ok(done.size > 10);
  });
}
