import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { attemptsOf } from "./attempts.ts";
import { knowledgeOf, type Wish } from "./entries.ts";
import { Journal, readJournal } from "./journal.ts";

const place: Wish = {
  kind: "place",
  terms: {
    accountId: "a",
    clientOrderId: "a-1",
    symbol: "BTC-USD",
    side: "BUY",
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "1",
    price: "10",
  },
};

function fresh(t: TestContext): Journal {
  const folder = mkdtempSync(join(tmpdir(), "chaos-journal-"));
  const journal = new Journal(join(folder, "journal.jsonl"));
  t.after(() => {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return journal;
}

test("a request is there before its answer, and unknown until then", (t) => {
  const journal = fresh(t);
  const request = journal.begin(place);
  const before = attemptsOf(readJournal(journal.path)).get("a-1");
  assert.deepEqual(
    before?.outcomes.map(({ knowledge }) => knowledge),
    ["unknown"],
  );
  journal.settle(request, { kind: "answered", status: 422, code: "insufficient_funds" });
  const after = attemptsOf(readJournal(journal.path)).get("a-1");
  assert.deepEqual(
    after?.outcomes.map(({ knowledge }) => knowledge),
    ["refused"],
  );
});

test("a line that was cut off by a death is left out, one in the middle is not", (t) => {
  const journal = fresh(t);
  journal.begin(place);
  appendFileSync(journal.path, '{"request":2,"wi');
  assert.equal(readJournal(journal.path).length, 1);
  appendFileSync(journal.path, '\n{"answerTo":1}\n');
  assert.throws(() => readJournal(journal.path), SyntaxError);
});

test("what a client knows by an answer (R10)", () => {
  const knowledge = (status: number, code: string) => knowledgeOf({ kind: "answered", status, code });
  assert.equal(knowledge(201, ""), "acknowledged");
  assert.equal(knowledge(200, ""), "acknowledged");
  assert.equal(knowledge(422, "insufficient_funds"), "refused");
  assert.equal(knowledge(503, "engine_lag"), "not-done");
  assert.equal(knowledge(429, "order_rate_exceeded"), "not-done");
  assert.equal(knowledge(503, "outcome_unknown"), "unknown");
  assert.equal(knowledge(500, "internal_error"), "unknown");
  assert.equal(knowledge(502, "not_a_problem_document"), "unknown");
  assert.equal(knowledgeOf({ kind: "silence", why: "timeout" }), "unknown");
  assert.equal(knowledgeOf({ kind: "silence", why: "ECONNREFUSED" }), "not-done");
});
