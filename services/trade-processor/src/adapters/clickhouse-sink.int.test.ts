import assert from "node:assert/strict";
import { test } from "node:test";
import { clickHouseSink } from "./clickhouse-sink.ts";
import { type SinkHarness, sinkConformance } from "./conformance-sink.ts";

/** The test runner's. Its tables are dropped, so it is never the one that `CLICKHOUSE_URL` names. */
const { BOURSE_TEST_CLICKHOUSE: url = "" } = process.env;
const skip =
  url === "" ? "there is no ClickHouse: the test runner brings one, or says what would help" : false;
if (skip !== false) process.stderr.write(`${skip}\n`);

async function ask(statement: string): Promise<string> {
  const answer = await fetch(url, { method: "POST", body: statement });
  return await answer.text();
}

async function harness(): Promise<SinkHarness> {
  await ask("DROP TABLE IF EXISTS bourse_trades");
  return {
    open: () => clickHouseSink({ url }),
    rows: async (topic, partition) => {
      const text = await ask(`SELECT record_offset, trade_id, leg, quantity FROM bourse_trades
        WHERE topic = '${topic}' AND partition = ${partition} ORDER BY record_offset, leg FORMAT TabSeparated`);
      return text
        .trim()
        .split("\n")
        .map((line) => line.replaceAll("\t", " ").replace(/(\.\d*?)0+$/, "$1"));
    },
    remove: async () => void (await ask("DROP TABLE IF EXISTS bourse_trades")),
  };
}

sinkConformance("ClickHouse", harness, skip);

test("ClickHouse: a table without the topic's id gets one, and its rows stay", { skip }, async () => {
  const { open, remove } = await harness();
  const made = await open();
  await ask("ALTER TABLE bourse_trades DROP COLUMN topic_id");
  await ask("INSERT INTO bourse_trades (topic, partition, trade_id) VALUES ('old', 0, 't-1')");
  const sink = await open();
  assert.equal(
    await ask("SELECT topic, topic_id, trade_id FROM bourse_trades FORMAT TabSeparated"),
    "old\t\tt-1\n",
  );
  for (const each of [made, sink]) await each.close();
  await remove();
});
