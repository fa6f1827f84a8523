import type { Desk } from "../desk.ts";
import { trackLag } from "../door.ts";
import { toPartition } from "../engine-log.ts";
import { forgetTimesTold, insertVenueCommand, selectTimesTold } from "../sql/command-rows.ts";
import {
  type Due,
  dueOf,
  selectExpiring,
  selectLimitStatesDue,
  selectRestingExpiring,
} from "../sql/expiry-rows.ts";
import { number } from "../sql/order-rows.ts";
import { readOpenFloor } from "../sql/resting-rows.ts";

/** Orders that were admitted just before a look may still be on their way into the table. */
const MARGIN_MS = 60_000;
/** A command that has no outcome for so long is not waited for: telling the time twice changes nothing. */
const RESEND_AFTER_MS = 60_000;
/** What the engine has heard is of no use to anybody; for a day somebody may look. */
const KEEP_TOLD_MS = 86_400_000;

/** By partition, the newest moment that the engine is to be told of. */
type DueMs = ReadonlyMap<number, number>;

/**
 * TimeAdvanced to each partition where an expiry, or the end of a limit state, is due (R8), and to none that has been told of
 * it. An engine time at or after the due time follows from the numbering; the engine then reports EXPIRED.
 */
export async function advanceTime(desk: Desk): Promise<void> {
  const nowMs = desk.clock.nowMs();
  // The clock was ahead and has been set right: what is due from here on was passed over.
  if (nowMs < desk.expiry.lookFromMs) desk.expiry.lookFromMs = 0;
  const expiries = await expiriesDue(desk, nowMs);
  const due = newestOf([...expiries, ...(await desk.store.query(selectLimitStatesDue(nowMs))).map(dueOf)]);
  const { waiting, heardMs } = await timesTold(desk, due, nowMs);
  const isNews = ([partition, dueMs]: Due): boolean =>
    dueMs > (heardMs.get(partition) ?? Number.NEGATIVE_INFINITY);
  // Up to here all is finished, or its report is parked: it is not walked over again.
  if (!expiries.some(isNews)) desk.expiry.lookFromMs = Math.max(desk.expiry.lookFromMs, nowMs - MARGIN_MS);
  const untold = [...due]
    .filter((each) => isNews(each) && !waiting.has(each[0]))
    .map(([partition]) => partition);
  if (untold.length > 0) await tellTime(desk, untold);
}

/**
 * The first look finds what expired at any time, without going through all that ever did (decision 0050): an order from above
 * the floor expires above it, too, and the others rest.
 */
async function expiriesDue({ store, expiry }: Desk, nowMs: number): Promise<readonly Due[]> {
  if (expiry.lookFromMs > 0) return (await store.query(selectExpiring(expiry.lookFromMs, nowMs))).map(dueOf);
  const { floorMs } = await readOpenFloor(store);
  // Before there is a floor these are all that ever had an end.
  const young = await store.scan(selectExpiring(floorMs, nowMs));
  return [...young, ...(await store.query(selectRestingExpiring(nowMs)))].map(dueOf);
}

function newestOf(all: readonly Due[]): DueMs {
  const newest = new Map<number, number>();
  for (const [partition, dueMs] of all)
    newest.set(partition, Math.max(newest.get(partition) ?? dueMs, dueMs));
  return newest;
}

/** What the engine was told of late: where it has not answered yet, and up to when it has. */
async function timesTold(
  { store }: Desk,
  due: DueMs,
  nowMs: number,
): Promise<{ readonly waiting: ReadonlySet<number>; readonly heardMs: DueMs }> {
  const waiting = new Set<number>();
  const heardMs = new Map<number, number>();
  if (due.size === 0) return { waiting, heardMs };
  const sinceMs = Math.min(nowMs - RESEND_AFTER_MS, ...due.values());
  for (const row of await store.query(selectTimesTold([...due.keys()], sinceMs))) {
    const partition = number(row.partition);
    if (number(row.waiting_ms ?? 0) > nowMs - RESEND_AFTER_MS) waiting.add(partition);
    if (row.heard_ms !== null) heardMs.set(partition, number(row.heard_ms));
  }
  return { waiting, heardMs };
}

async function tellTime(desk: Desk, partitions: readonly number[]): Promise<void> {
  const { numbered } = await desk.delivery.commit("advance time", async (unit) => {
    const commands = [...partitions]
      .sort((a, b) => a - b)
      .map((partition) => ({ partition, requestId: desk.newId() }));
    return {
      statements: [
        ...commands.map(({ partition, requestId }) =>
          insertVenueCommand(
            { requestId, kind: "TIME", partition, accountId: null, symbol: null },
            unit.nowMs,
          ),
        ),
        forgetTimesTold(partitions, unit.nowMs - KEEP_TOLD_MS),
      ],
      events: commands.map(({ partition, requestId }) =>
        toPartition(partition, { eventType: "TimeAdvanced", requestId }),
      ),
      result: undefined,
    };
  });
  trackLag(desk, numbered);
}
