import type { Desk } from "../desk.ts";
import {
  announceFloor,
  insertResting,
  type OpenFloor,
  pruneResting,
  type RestingOrder,
  raiseFloor,
  readOpenFloor,
  restingOrderOf,
  selectHorizonPassed,
  selectOpenBetween,
  selectOpenUpTo,
  takeHorizon,
} from "../sql/resting-rows.ts";

export const RESTING_EVERY_MS = 60_000;
/** Younger orders are looked for among those of their account: most are finished soon. */
const YOUNG_MS = 60_000;
/** Of a statement. */
const PAGE = 5_000;
/** A run may take a hundredth of the time: after a longer one, so many are passed over, an hour's at most. */
const RUN_MS = RESTING_EVERY_MS / 100;
const MAX_PASSES = 60;

/**
 * Raises the floor above which an account's open orders are looked for (decision 0050), a step each run: announces the next
 * one; waits until nobody writes that could have missed it; takes down what is still open below it. Instances do the same
 * beside each other: each step is right whoever has done it already.
 */
export async function keepResting(desk: Desk): Promise<void> {
  if (desk.resting.passes > 0) {
    desk.resting.passes -= 1;
    return;
  }
  const beganMs = desk.clock.nowMs();
  const floor = await readOpenFloor(desk.store);
  if (floor.announcedMs === floor.floorMs) await announce(desk, beganMs - YOUNG_MS);
  else if (await isKnownToAll(desk, floor)) {
    await takeDown(desk, floor);
    await announce(desk, beganMs - YOUNG_MS);
  }
  desk.resting.passes = Math.min(MAX_PASSES, Math.floor((desk.clock.nowMs() - beganMs) / RUN_MS));
}

async function announce({ store }: Desk, nextMs: number): Promise<void> {
  const [rows = []] = await store.transaction("announce floor", (tx) =>
    tx.commit([announceFloor(nextMs, YOUNG_MS)]),
  );
  if (rows.length > 0) await store.transaction("floor horizon", (tx) => tx.commit([takeHorizon(nextMs)]));
}

async function isKnownToAll({ store }: Desk, { announcedMs }: OpenFloor): Promise<boolean> {
  // Where the process that has announced it ended before, or this is a copy of another cluster.
  await store.transaction("floor horizon", (tx) => tx.commit([takeHorizon(announcedMs)]));
  const [row] = await store.query(selectHorizonPassed());
  return row?.passed === true;
}

async function takeDown({ store }: Desk, { floorMs, announcedMs }: OpenFloor): Promise<void> {
  const below = floorMs < 0 ? selectOpenUpTo(announcedMs) : selectOpenBetween(floorMs, announcedMs);
  const open = (await store.scan(below)).map(restingOrderOf);
  for (let start = 0; start < open.length; start += PAGE) {
    const page = insertResting(open.slice(start, start + PAGE));
    await store.transaction("resting orders", (tx) => tx.commit([page]));
  }
  await store.transaction("raise floor", (tx) => tx.commit([raiseFloor(announcedMs)]));
  let after: RestingOrder | undefined = { accountId: "", orderId: "0".repeat(32) };
  while (after !== undefined) {
    const page: RestingOrder = after;
    const [[last] = []] = await store.transaction("prune resting orders", (tx) =>
      tx.commit([pruneResting(page, PAGE)]),
    );
    after = last === undefined ? undefined : restingOrderOf(last);
  }
}
