import { orderEvents } from "@bourse/contracts";
import type { Desk } from "../desk.ts";
import { PARTITIONS } from "../engine-log.ts";
import { number } from "../sql/order-rows.ts";
import { readVenue, selectEngineHeads } from "../sql/venue-rows.ts";

/** What other instances have written: listings, halts, blocked accounts, and how far the engine has come (R14). */
export async function refresh(desk: Desk): Promise<void> {
  const [heads] = await Promise.all([
    desk.store.query(selectEngineHeads()),
    desk.venue.reload(() => readVenue(desk.store)),
  ]);
  for (const row of heads) desk.lag.outcome(number(row.partition), number(row.command_sequence));
  if (!desk.inherited.isRead) {
    await inheritLag(desk);
    desk.inherited.isRead = true;
  }
}

/**
 * R14: what the log holds and the engine has not answered is lag, also when another process has written it. Without
 * this a restart would open the door to an engine that stands still.
 */
async function inheritLag(desk: Desk): Promise<void> {
  const tails = await Promise.all(
    PARTITIONS.map(async (partition) => ({
      partition,
      record: (await desk.bus.tail(orderEvents.name, partition, 1))[0],
    })),
  );
  for (const { partition, record } of tails) {
    // What only begins a new epoch is no command: nobody answers it (R6).
    if (record === undefined || record.value.startsWith('{"eventType":"EpochStarted"')) continue;
    desk.lag.inherited(partition, Number(record.headers.sequence), record.timestampMs);
  }
}
