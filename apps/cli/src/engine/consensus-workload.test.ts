import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { HEAD, MESSAGE, readConsensus } from "@bourse/recordings";
import { ConsensusRun } from "./consensus-run.ts";
import { consensusWorkload, type Scenario } from "./consensus-workload.ts";
import { REPORT, REPORT_WORDS, ReportRows } from "./report-rows.ts";

const ORDERS = 20_000;

/** How often each kind of message and of report there is. */
async function countsOf(
  scenario: Scenario,
): Promise<{ messages: number[]; immediate: number; reports: number[] }> {
  const messages = await readConsensus(
    Readable.from(consensusWorkload({ scenario, seed: 1, orders: ORDERS })),
  );
  const rows = new ReportRows();
  new ConsensusRun(messages, rows).run();
  const counts = { messages: [0, 0, 0], immediate: 0, reports: [0, 0, 0, 0, 0, 0] };
  for (const head of messages.head.subarray(0, messages.count)) {
    const kind = head & HEAD.KIND;
    counts.messages[kind] = (counts.messages[kind] ?? 0) + 1;
    if ((head & HEAD.IMMEDIATE) !== 0) counts.immediate++;
  }
  for (const { chunk, rows: count } of rows.filled()) {
    for (let row = 0; row < count; row++) {
      const type = (chunk.i32[row * REPORT_WORDS * 2] as number) & 255;
      counts.reports[type] = (counts.reports[type] ?? 0) + 1;
    }
  }
  return counts;
}

describe("a generated consensus workload", () => {
  it("is the same for the same seed, and another one for another", () => {
    const text = (seed: number): string =>
      [...consensusWorkload({ scenario: "normal", seed, orders: 500 })].join("");
    assert.equal(text(1), text(1));
    assert.notEqual(text(1), text(2));
  });

  it("has the published shares of messages, and of refusals", async () => {
    const { messages, immediate, reports } = await countsOf("normal");
    const share = (count: number | undefined): number => Math.round(((count ?? 0) / ORDERS) * 100);
    // Per 100 orders the published 100,000 have 100, 82.6 and 17.3 messages, of which 14.9 are immediate.
    assert.ok(Math.abs(share(messages[MESSAGE.NEW]) - 100) <= 0);
    assert.ok(Math.abs(share(messages[MESSAGE.CANCEL]) - 83) <= 1);
    assert.ok(Math.abs(share(messages[MESSAGE.MODIFY]) - 17) <= 1);
    assert.ok(Math.abs(share(immediate) - 15) <= 1);
    // 3.9 and 0.8.
    assert.ok(Math.abs(share(reports[REPORT.CANCEL_REJECTED]) - 4) <= 2);
    assert.ok(Math.abs(share(reports[REPORT.MODIFY_REJECTED]) - 1) <= 1);
  });

  it("trades little where the middle stands still, and much where it walks", async () => {
    const still = (await countsOf("static")).reports[REPORT.TRADE] ?? 0;
    const walking = (await countsOf("flash-crash")).reports[REPORT.TRADE] ?? 0;
    assert.ok(still > 0 && still < ORDERS / 200, `${still} trades`);
    assert.ok(walking > ORDERS / 50, `${walking} trades`);
  });
});
