import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Desk, orderId, type Told } from "../testing.ts";
import { BOOK_SNAPSHOT_EVERY } from "./book-report.ts";
import { MatchingProgram } from "./matching-program.ts";

const MAX_BYTES = 2_000;
/** Their events would be far longer than MAX_BYTES. */
const LEVELS = 300;

const changesOf = (told: readonly Told[]): readonly unknown[] =>
  told.flatMap(({ eventType, changes }) => (eventType === "BookChanged" ? (changes as unknown[]) : []));

/** A book of so many bids, each at its own price, and all that was told of it. */
function deepBook(levels: number): { readonly desk: Desk; readonly told: Told[] } {
  const desk = new Desk();
  desk.program = new MatchingProgram(MAX_BYTES);
  desk.list();
  const told: Told[] = [];
  for (let n = 1; n <= levels; n++) told.push(...desk.place(n, "BUY", String(n), "1"));
  return { desk, told };
}

describe("a book that is deeper than a record is long", () => {
  it("has the changes of one command in parts, each with its number", () => {
    const { desk, told } = deepBook(LEVELS);
    const parts = desk
      .tell({ eventType: "MassCancelled", accountId: "buyer" })
      .filter(({ eventType }) => eventType === "BookChanged");
    assert.ok(parts.length > 1);
    for (const part of parts) assert.ok(JSON.stringify(part).length <= MAX_BYTES);
    assert.deepEqual(
      [...told.filter(({ eventType }) => eventType === "BookChanged"), ...parts].map(
        ({ bookSequence }) => bookSequence,
      ),
      Array.from({ length: LEVELS + parts.length }, (_, index) => index + 1),
    );
    const prices = Array.from({ length: LEVELS }, (_, index) => String(index + 1));
    assert.deepEqual(new Set(changesOf(parts)), new Set(prices.map((price) => ["BUY", price, "0", 0])));
  });

  it("has a snapshot again when it is less deep", () => {
    const { desk, told } = deepBook(LEVELS);
    const cancel = (n: number): Told[] =>
      desk.tell({ eventType: "OrderCancelled", orderId: orderId(n), accountId: "buyer", symbol: "BTC-USD" });
    let next = LEVELS;
    for (; next < BOOK_SNAPSHOT_EVERY; next += 2) {
      told.push(...desk.place(next + 1, "BUY", "0.5", "1"), ...cancel(next + 1));
    }
    const snapshots = (of: readonly Told[]): Told[] =>
      of.filter(({ eventType }) => eventType === "BookSnapshot");
    assert.deepEqual(snapshots(told), [], "of a book that no record can hold there is none");
    desk.tell({ eventType: "MassCancelled", accountId: "buyer" });
    const later: Told[] = [];
    for (; next < 2 * BOOK_SNAPSHOT_EVERY; next += 2)
      later.push(...desk.place(next + 1, "BUY", "0.5", "1"), ...cancel(next + 1));
    assert.deepEqual(
      snapshots(later).map(({ bookSequence, asks }) => [bookSequence, asks]),
      [[2 * BOOK_SNAPSHOT_EVERY, []]],
    );
  });
});
