import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { type Level, type LevelChange, OrderBook } from "./order-book.ts";
import { RebuiltBook } from "./rebuilt-book.ts";

test("levels come, change and go, best first", () => {
  const book = new OrderBook();
  assert.equal(
    book.change(1, [
      ["BUY", "9", "1", 1],
      ["BUY", "10", "2", 1],
      ["SELL", "12", "3", 2],
      ["SELL", "11.5", "4", 1],
    ]),
    "applied",
  );
  book.change(2, [
    ["BUY", "10", "5", 3],
    ["SELL", "12", "0", 0],
    ["SELL", "13", "0", 0],
  ]);
  assert.deepEqual(book.state(), {
    bookSequence: 2,
    bids: [
      ["10", "5", 3],
      ["9", "1", 1],
    ],
    asks: [["11.5", "4", 1]],
  });
  assert.deepEqual(book.state(1).bids, [["10", "5", 3]]);
});

test("what is known already is dropped", () => {
  const book = new OrderBook();
  book.change(1, [["BUY", "9", "1", 1]]);
  assert.equal(book.change(1, [["BUY", "9", "7", 1]]), "old");
  assert.equal(book.snapshot({ bookSequence: 0, bids: [], asks: [] }), "old");
  assert.deepEqual(book.bestBid, ["9", "1", 1]);
});

test("a gap makes the book stale until a snapshot (R15)", () => {
  const book = new OrderBook();
  book.change(1, [["BUY", "9", "1", 1]]);
  assert.equal(book.change(3, [["BUY", "8", "1", 1]]), "gap");
  assert.ok(book.stale);
  assert.equal(book.change(4, [["BUY", "7", "1", 1]]), "waiting");
  assert.deepEqual(book.state(), { bookSequence: 1, bids: [["9", "1", 1]], asks: [] });
  assert.equal(book.snapshot({ bookSequence: 4, bids: [["7", "1", 1]], asks: [] }), "healed");
  assert.ok(!book.stale);
  assert.equal(book.change(5, [["SELL", "8", "1", 1]]), "applied");
  assert.deepEqual(book.state(), { bookSequence: 5, bids: [["7", "1", 1]], asks: [["8", "1", 1]] });
});

test("a book whose beginning was missed is stale", () => {
  const book = new OrderBook();
  assert.equal(book.change(17, []), "gap");
  assert.ok(book.stale);
});

test("any changes make the book that the plain rebuild makes", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  const book = new OrderBook();
  const rebuilt = new RebuiltBook();
  for (let bookSequence = 1; bookSequence <= 3_000; bookSequence++) {
    const changes = Array.from({ length: 1 + random.below(3) }, (): LevelChange => {
      const price = String((random.below(400) + 1) / 4);
      const orders = random.below(3);
      return [
        random.below(2) === 0 ? "BUY" : "SELL",
        price,
        orders === 0 ? "0" : String(orders * 10),
        orders,
      ];
    });
    assert.equal(book.change(bookSequence, changes), "applied");
    assert.equal(rebuilt.change({ bookSequence, changes }), null);
    if (bookSequence % 100 === 0)
      assert.deepEqual(book.state(), rebuilt.state(), `seed ${seed}, change ${bookSequence}`);
  }
});

test("the rebuild notices gaps and snapshots that are not the sum of the changes", () => {
  const bid: Level = ["9", "1", 1];
  const rebuilt = new RebuiltBook();
  assert.equal(rebuilt.change({ bookSequence: 4, changes: [] }), null, "unknown until a snapshot");
  assert.equal(rebuilt.snapshot({ bookSequence: 5, bids: [bid], asks: [] }), null);
  assert.equal(rebuilt.change({ bookSequence: 6, changes: [["SELL", "10", "2", 1]] }), null);
  assert.equal(rebuilt.snapshot({ bookSequence: 6, bids: [bid], asks: [["10", "2", 1]] }), null);
  assert.match(rebuilt.snapshot({ bookSequence: 6, bids: [bid], asks: [] }) ?? "", /as of 6 is not/);
  assert.equal(rebuilt.change({ bookSequence: 8, changes: [] }), "change 8 came where 7 was due");
});
