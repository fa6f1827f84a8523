import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerCount } from "./answers.ts";

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test("single orders are acknowledged by 201 and by nothing else", () => {
  const answers = new AnswerCount();
  assert.equal(answers.single(201, json({ orderId: "1" })), 1);
  assert.equal(answers.single(503, json({ code: "queue_full" })), 0);
  assert.equal(answers.single(503, json({ code: "queue_full" })), 0);
  assert.equal(answers.single(200, json({ orderId: "1" })), 0, "a replay is no new order");
  assert.equal(answers.acknowledged, 1);
  assert.deepEqual(answers.refused, { "503 queue_full": 2, "200 undefined": 1 });
});

test("of a batch each item counts for itself", () => {
  const answers = new AnswerCount();
  const created = { status: 201, order: { status: "PENDING" } };
  const refused = { status: 422, problem: { status: 422, code: "insufficient_funds" } };
  assert.equal(answers.batch(200, json({ results: [created, created] }), 2), 2);
  assert.equal(answers.batch(200, json({ results: [created, refused, created] }), 3), 2);
  assert.equal(answers.batch(503, json({ status: 503, code: "engine_lag" }), 100), 0);
  assert.equal(answers.acknowledged, 4);
  assert.deepEqual(answers.refused, { "422 insufficient_funds": 1, "503 engine_lag": 100 });
});
