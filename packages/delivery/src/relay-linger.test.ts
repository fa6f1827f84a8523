import assert from "node:assert/strict";
import { test } from "node:test";
import { RelayLane } from "./relay-lane.ts";
import { LingeringLanes } from "./relay-linger.ts";
import { commands, trades } from "./testing/fixtures.ts";
import { virtualTime } from "./testing/virtual-time.ts";

const patient = { ...commands, lingerMs: 20 };

test("lanes of a patient topic are driven together, at the moment that is everybody's", async () => {
  const time = virtualTime(1_700_000_000_007);
  const driven: string[] = [];
  const lanes = new LingeringLanes({ publishes: [patient, trades], ...time }, ({ topic, partition }) =>
    driven.push(`${topic}/${partition} at ${time.clock.nowMs() % 100}`),
  );
  const [first, second] = [new RelayLane(commands.name, 0), new RelayLane(commands.name, 1)];
  assert.ok(lanes.add(first));
  await time.advance(5);
  assert.ok(lanes.add(second));
  assert.ok(lanes.add(first));
  assert.deepEqual(driven, []);
  await time.advance(8);
  assert.deepEqual(driven, ["test-commands/0 at 20", "test-commands/1 at 20"]);
  assert.ok(lanes.add(first));
  await time.advance(20);
  assert.equal(driven.at(-1), "test-commands/0 at 40");
  assert.ok(!lanes.add(new RelayLane(trades.name, 0)), "somebody waits for a trade");
});

test("closed, nothing is driven any more", async () => {
  const time = virtualTime();
  const lanes = new LingeringLanes({ publishes: [patient], ...time }, () => assert.fail("driven"));
  lanes.add(new RelayLane(commands.name, 0));
  lanes.close();
  await time.advance(100);
});
