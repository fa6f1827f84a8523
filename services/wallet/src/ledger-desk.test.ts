import assert from "node:assert/strict";
import { test } from "node:test";
import type { Unit } from "@bourse/delivery";
import { type Statement, StoreError } from "@bourse/store";
import { Counter } from "prom-client";
import { LedgerDesk } from "./ledger-desk.ts";
import type { Ask } from "./ledger-unit.ts";

const USD = { accountId: "alice", asset: "USD" };
const ASK: Ask = { balances: [USD], holds: [], partition: 0 };

/** Alice's dollars in a table of one row. */
function table(available: bigint) {
  const row = { account_id: "alice", asset: "USD", available, held: 0n, version: 1n };
  const read: string[] = [];
  const unit: Unit = {
    nowMs: 0,
    run: async (statements: readonly Statement[]) => {
      for (const { text } of statements) read.push(text.includes("FOR UPDATE") ? "locked" : "read");
      return statements.map(() => [{ ...row }]);
    },
  };
  return { row, read, unit };
}

function desk(): { readonly desk: LedgerDesk; readonly moved: () => Promise<number> } {
  const counter = new Counter({ name: "moved", help: "for the test", registers: [] });
  return {
    desk: new LedgerDesk(counter),
    moved: async () => (await counter.get()).values[0]?.value ?? 0,
  };
}

/** Holds some of it; resolves with what was available before. `commit` is the database's part. */
function spend(
  { desk: of }: ReturnType<typeof desk>,
  at: ReturnType<typeof table>,
  units: bigint,
  commit: () => Promise<void>,
): Promise<bigint> {
  return of.inTurn(async () => {
    const rows = await of.open(at.unit, ASK);
    const before = rows.ledger.balance("alice", "USD").availableUnits;
    const holdId = `hold-${units}`;
    assert.equal(rows.ledger.openHold({ holdId, ...USD, amountUnits: units }).kind, "held");
    await rows.writes([]);
    await commit();
    return before;
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the next unit decides from what the one before it will leave, and is written after it", async () => {
  const all = desk();
  const at = table(1_000n);
  const written: string[] = [];
  let finish: () => void = () => assert.fail("the first is not being written");
  const first = spend(all, at, 300n, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    written.push("first");
  });
  const second = spend(all, at, 200n, async () => void written.push("second"));
  await turn();
  assert.deepEqual(written, []);
  finish();
  assert.deepEqual([await first, await second], [1_000n, 700n]);
  assert.deepEqual(written, ["first", "second"]);
  assert.deepEqual(at.read, ["read"], "the second knew the row");
});

test("where the one before it fails, the unit is decided again from the locked rows", async () => {
  const all = desk();
  const at = table(1_000n);
  const lost = new StoreError("store_unavailable", "the database is away", { retryable: true });
  const first = spend(all, at, 300n, () => Promise.reject(lost));
  let writes = 0;
  // The database would not object: another instance may have left the very version that the first one would have.
  const second = spend(all, at, 200n, async () => void writes++);
  await assert.rejects(first, lost);
  assert.equal(await second, 1_000n, "the first has left nothing");
  assert.deepEqual(at.read, ["read", "locked"]);
  assert.deepEqual([writes, await all.moved()], [1, 1]);
});

test("a unit that fails for good lets the next one in", async () => {
  const all = desk();
  const at = table(1_000n);
  await assert.rejects(
    all.desk.inTurn(() => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await spend(all, at, 100n, () => Promise.resolve()), 1_000n);
});

test("a refusal is confirmed over locked rows, once", async () => {
  const all = desk();
  const at = table(1_000n);
  const locks: boolean[] = [];
  await all.desk.inTurn(async () => {
    await all.desk.open(at.unit, ASK);
    locks.push(at.read.at(-1) === "locked");
    all.desk.confirm();
  });
  assert.deepEqual(locks, [false, true]);
});

test("what a unit that fails has done to a hold that is known is forgotten with it", async () => {
  const all = desk();
  const [orderId, reads]: [string, string[]] = ["a".repeat(32), []];
  const row = { order_id: orderId, account_id: "alice", symbol: "S", buy: true, asset: "USD", done: false };
  const facts = { max_fee_ppm: 0, bound_ticks: 1n, leaves_lots: 9n, engine_sequence: 0n, created_ms: 0n };
  const executed = { cumulative_lots: 0n, cumulative_notional: 0n, cumulative_fee: 0n };
  const settled = { settled_lots: 0n, settled_notional: 0n, settled_fee: 0n };
  const unit: Unit = {
    nowMs: 0,
    run: async (statements) => {
      for (const { text } of statements) reads.push(text);
      return statements.map(() => [
        { ...row, ...facts, ...executed, ...settled, held: 9n, version: 1n, pending_request: null },
      ]);
    },
  };
  const learn = (leavesLots: number, commit: () => Promise<void>): Promise<number> =>
    all.desk.inTurn(async () => {
      const rows = await all.desk.open(unit, { balances: [], holds: [orderId], partition: 0 });
      const hold = rows.holds.get(orderId);
      assert.ok(hold);
      const before = hold.leavesLots;
      hold.leavesLots = leavesLots;
      await rows.writes([hold]);
      await commit();
      return before;
    });
  assert.equal(await learn(8, () => Promise.resolve()), 9);
  assert.equal(await learn(7, () => Promise.resolve()), 8, "known from the one before");
  assert.equal(reads.length, 1);
  await assert.rejects(
    learn(6, () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.equal(await learn(5, () => Promise.resolve()), 9, "as the table has it");
  assert.equal(reads.length, 2);
});
