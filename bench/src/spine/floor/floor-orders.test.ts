import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerCount } from "../answers.ts";
import { batchAnswer, floorOrder, heldChanges, orderAnswer, type SentOrder } from "./floor-orders.ts";

const sent: SentOrder = {
  clientOrderId: "run-1",
  symbol: "BENCH1-USD",
  side: "BUY",
  price: "100.03",
  quantity: "0.003",
};
const buy = floorOrder(sent, { number: 26, accountId: "bench-0", createdMs: 0 });
const sell = floorOrder({ ...sent, side: "SELL" }, { number: 27, accountId: "bench-1", createdMs: 0 });

test("decimals become whole ticks and lots", () => {
  assert.deepEqual(buy, {
    number: 26,
    accountId: "bench-0",
    clientOrderId: "run-1",
    symbol: "BENCH1-USD",
    buys: true,
    priceTicks: 10_003,
    quantityLots: 3,
    createdMs: 0,
  });
  assert.equal(sell.buys, false);
});

test("an account's orders change its balance once, by all of them", () => {
  assert.deepEqual(
    [...heldChanges([buy, sell, buy])],
    [
      ["bench-0", 2 * 3 * 10_003],
      ["bench-1", 3],
    ],
  );
});

test("answers are what the load client takes for acknowledgements", () => {
  const answers = new AnswerCount();
  assert.equal(answers.batch(200, Buffer.from(batchAnswer([buy, sell])), 2), 2);
  const answer = JSON.parse(orderAnswer(buy));
  assert.match(answer.orderId, /^0{30}1a$/);
  assert.deepEqual([answer.price, answer.quantity, answer.status], ["100.03", "0.003", "PENDING"]);
  assert.equal(answer.createdAt, "1970-01-01T00:00:00.000Z");
});
