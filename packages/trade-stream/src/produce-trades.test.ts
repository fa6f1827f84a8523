import assert from "node:assert/strict";
import { it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { PackedBatch } from "@bourse/bus/kafka";
import { produceTrades } from "./produce-trades.ts";
import { machineTime } from "./testing.ts";
import { tradeGenerator } from "./trade-generator.ts";
import type { StreamTrade } from "./trade-source.ts";

it("a source that breaks off ends the run once all before it is acknowledged, so that a journal says what was sent", async () => {
  const trades = tradeGenerator({ seed: 1, clients: 10 });
  let left = 10_000;
  let sent = 0;
  let told = 0;
  let acknowledged = 0;
  const run = produceTrades({
    ...machineTime,
    bus: {
      sendPacked: async (batches: readonly PackedBatch[]) => {
        await setImmediate();
        for (const { count } of batches) sent += count;
      },
    },
    topic: "sim.trade-events",
    partitions: 3,
    run: "r1",
    seed: 1,
    poisonShare: 0,
    source: {
      next: (): StreamTrade => {
        if (left-- === 0) throw new Error("line 10002: price is abc");
        return trades.next();
      },
    },
    patienceMs: 1_000,
    onRecord: () => void told++,
    onAcknowledged: (records) => {
      acknowledged += records;
    },
  });
  await assert.rejects(run, /line 10002: price is abc/);
  assert.deepEqual({ told, sent, acknowledged }, { told: 10_000, sent: 10_000, acknowledged: 10_000 });
});
