import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { deliveryMigrations } from "@bourse/delivery";
import type { Entry } from "@bourse/ledger";
import { amountText, migrate, type Statement, type Store, sql } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import type { OrderHold } from "../domain/hold.ts";
import { insertHolds, lockHolds, readHolds, updateHolds } from "./hold-rows.ts";
import { insertTransfers } from "./journal-rows.ts";

const MIGRATIONS = new URL("./migrations/", import.meta.url);
const DELIVERY = { prefix: "delivery", folder: deliveryMigrations };
const ALL = [DELIVERY, { prefix: "wallet", folder: MIGRATIONS }];

/** As it is decided on: version 0 until it is written. */
function holdOf(index: number): OrderHold {
  return {
    orderId: index.toString(16).padStart(32, "0"),
    accountId: `account-${index % 50}`,
    symbol: "BTC-USD",
    side: index % 2 === 0 ? "BUY" : "SELL",
    asset: index % 2 === 0 ? "USD" : "BTC",
    maxFeePpm: 500,
    boundTicks: 100,
    leavesLots: 5,
    done: false,
    engineSequence: 0,
    cumulativeLots: 0,
    cumulativeNotionalUnits: 0n,
    cumulativeFeeUnits: 0n,
    settledLots: 0,
    settledNotionalUnits: 0n,
    settledFeeUnits: 0n,
    pending: null,
    createdMs: 1_000 + index,
    heldUnits: 10n ** 20n,
    version: 0,
    isRaiseStored: false,
  };
}

function holdsOf(first: number, count: number): readonly OrderHold[] {
  return Array.from({ length: count }, (_, index) => holdOf(first + index));
}

function stored(hold: OrderHold): OrderHold {
  return { ...hold, version: hold.version + 1 };
}

/** As a report and its trades make a hold that has been stored. */
function settled(hold: OrderHold): OrderHold {
  return {
    ...hold,
    leavesLots: 3,
    engineSequence: 7,
    cumulativeLots: 2,
    cumulativeNotionalUnits: 4n * 10n ** 19n,
    cumulativeFeeUnits: -3n,
    settledLots: 2,
    settledNotionalUnits: 4n * 10n ** 19n,
    settledFeeUnits: -3n,
    heldUnits: 6n * 10n ** 19n,
  };
}

/** As holds were inserted when no column had a default. */
function insertHoldsInFull(holds: readonly OrderHold[]): readonly Statement[] {
  return holds.map(
    ({ orderId, accountId, symbol, side, asset, maxFeePpm, boundTicks, leavesLots, heldUnits, createdMs }) =>
      sql`INSERT INTO holds (order_id, account_id, symbol, buy, asset, max_fee_ppm, bound_ticks, leaves_lots, done,
          engine_sequence, cumulative_lots, cumulative_notional, cumulative_fee, settled_lots, settled_notional, settled_fee,
          held, created_ms)
        VALUES (${orderId}::uuid, ${accountId}, ${symbol}, ${side === "BUY"}, ${asset}, ${maxFeePpm}, ${boundTicks},
          ${leavesLots}, false, 0, 0, 0, 0, 0, 0, 0, ${amountText(heldUnits)}::numeric, ${createdMs})`,
  );
}

function transfersOf(holds: readonly OrderHold[]): readonly Statement[] {
  const entries = holds.map(({ orderId, accountId, asset, heldUnits }): Entry => {
    const read = { accountId, asset, availableUnits: heldUnits, heldUnits: 0n };
    const balance = { ...read, read, availableUnits: 0n, heldUnits };
    return { kind: "HOLD", journalId: `${orderId}/0`, balance, amountUnits: heldUnits };
  });
  return insertTransfers(entries, 1, 2_000);
}

async function write(store: Store, statements: readonly Statement[]): Promise<void> {
  await store.transaction("holds", (tx) => tx.commit(statements));
}

async function read(store: Store, holds: readonly OrderHold[]): Promise<readonly OrderHold[]> {
  const ids = holds.map(({ orderId }) => orderId);
  return readHolds(await store.query(lockHolds(ids, false)));
}

/** What the search for orphans would look at. */
async function untouched(store: Store): Promise<number> {
  const [row] = await store.query(sql`SELECT count(*) AS count FROM holds WHERE NOT touched`);
  return Number(row?.count);
}

test("holds are read as they were decided, and as their facts have made them", async (t) => {
  const { store } = await testDatabase(t, { migrations: ALL });
  for (const holds of [holdsOf(1, 1), holdsOf(100, 50)]) {
    const before = await untouched(store);
    await write(store, insertHolds(holds));
    assert.deepEqual(await read(store, holds), holds.map(stored));
    assert.equal(await untouched(store), before + holds.length);
    const changed = holds.map(stored).map(settled);
    await write(store, updateHolds(changed));
    assert.deepEqual(await read(store, holds), changed.map(stored));
    assert.equal(await untouched(store), before);
    await assert.rejects(write(store, updateHolds(changed)), { sqlState: "BW001" });
  }
});

test("tables that were filled before writes were narrow: old holds and new ones follow their facts", async (t) => {
  const early = await mkdtemp(join(tmpdir(), "bourse-migrations-"));
  t.after(() => rm(early, { recursive: true }));
  for (const file of await readdir(MIGRATIONS))
    if (file < "0003") await copyFile(new URL(file, MIGRATIONS), join(early, file));
  const { store, url, schema } = await testDatabase(t, {
    migrations: [DELIVERY, { prefix: "wallet", folder: pathToFileURL(`${early}/`) }],
  });
  const old = holdsOf(1, 100);
  await write(store, insertHoldsInFull(old));
  await write(store, transfersOf(old));
  const touched = old.slice(0, 50).map(stored).map(settled);
  await write(store, updateHolds(touched));
  const young = holdsOf(101, 100);
  await assert.rejects(write(store, insertHolds(young)), { sqlState: "23502" });

  await migrate(url, { schema, folders: ALL });
  const kept = [...touched.map(stored), ...old.slice(50).map(stored)];
  assert.deepEqual(await read(store, old), kept);
  await write(store, [...insertHolds(young), ...transfersOf(young)]);
  assert.equal(await untouched(store), 150);
  const all = [...kept, ...young.map(stored)];
  const changed = all.map((hold) => ({ ...settled(hold), engineSequence: 9 }));
  await write(store, updateHolds(changed));
  assert.deepEqual(await read(store, all), changed.map(stored));
  assert.equal(await untouched(store), 0);
  const legs = await store.query(sql`SELECT ledger, count(*) AS count, sum(amount) AS amount FROM postings
    WHERE time_ms = 2000 GROUP BY ledger ORDER BY ledger COLLATE "C"`);
  assert.deepEqual(legs, [
    { ledger: "AVAILABLE", count: 200n, amount: -200n * 10n ** 20n },
    { ledger: "HELD", count: 200n, amount: 200n * 10n ** 20n },
  ]);
  const indexes = await store.query(sql`SELECT indexname FROM pg_indexes
    WHERE schemaname = ${schema} AND tablename = 'transfer_entries' AND indexdef NOT LIKE '% USING brin %'`);
  assert.deepEqual(indexes, [], "an entry pays for no index (decision 0049)");
});
