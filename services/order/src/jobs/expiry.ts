import { sql } from "@bourse/store";
import type { Desk } from "../desk.ts";
import { trackLag } from "../door.ts";
import { toPartition } from "../engine-log.ts";
import { insertVenueCommand } from "../sql/command-rows.ts";
import { selectLimitStatesDue } from "../sql/venue-rows.ts";

/** Orders that were admitted just before a look may still be on their way into the table. */
const MARGIN_MS = 60_000;

/**
 * TimeAdvanced to each partition where an expiry, or the end of a limit state, is due (R8), and to none where the last one has no outcome yet. An
 * engine time at or after the due time follows from the numbering; the engine then reports EXPIRED.
 */
export async function advanceTime(desk: Desk): Promise<void> {
  const nowMs = desk.clock.nowMs();
  // The clock was ahead and has been set right: what is due from here on was passed over.
  if (nowMs < desk.expiry.lookFromMs) desk.expiry.lookFromMs = 0;
  const rows = await desk.store.query(sql`
    SELECT partition, min(expire_at_ms) AS oldest FROM orders
    WHERE expire_at_ms > ${desk.expiry.lookFromMs}::int8 AND expire_at_ms <= ${nowMs}::int8
      AND status IN ('PENDING', 'OPEN', 'PARTIALLY_FILLED')
    GROUP BY partition ORDER BY partition`);
  const limited = await desk.store.query(selectLimitStatesDue(nowMs));
  if (rows.length === 0) {
    // Everything up to here is finished for good: finished orders are not walked over again.
    desk.expiry.lookFromMs = Math.max(desk.expiry.lookFromMs, nowMs - MARGIN_MS);
    if (limited.length === 0) return;
  }
  const due = [...new Set([...rows, ...limited].map((row) => Number(row.partition)))].sort((a, b) => a - b);
  const { numbered } = await desk.delivery.commit("advance time", async (unit) => {
    const [waiting = []] = await unit.run([
      sql`SELECT DISTINCT partition FROM commands
        WHERE kind = 'TIME' AND created_ms > ${unit.nowMs - RESEND_AFTER_MS}::int8 AND completed_ms IS NULL
        ORDER BY partition`,
    ]);
    const told = new Set(waiting.map((row) => Number(row.partition)));
    const commands = due
      .filter((partition) => !told.has(partition))
      .map((partition) => ({ partition, requestId: desk.newId() }));
    return {
      statements: commands.map(({ partition, requestId }) =>
        insertVenueCommand({ requestId, kind: "TIME", partition, accountId: null, symbol: null }, unit.nowMs),
      ),
      events: commands.map(({ partition, requestId }) =>
        toPartition(partition, { eventType: "TimeAdvanced", requestId }),
      ),
      result: undefined,
    };
  });
  trackLag(desk, numbered);
}

/** A command that has no outcome for so long is not waited for: telling the time twice changes nothing. */
const RESEND_AFTER_MS = 60_000;
