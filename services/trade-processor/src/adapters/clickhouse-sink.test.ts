import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { clickHouseSink } from "./clickhouse-sink.ts";

/** The address of a server that answers with these, and then with the last of them for ever. */
async function answering(t: TestContext, ...statuses: number[]): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 500;
    response.writeHead(status).end(status === 200 ? "" : "Code: 60. DB::Exception");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const [status, retryable] of [
  [401, true],
  [403, true],
  [404, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [413, false],
] as const) {
  const what = retryable
    ? "waited for: no record is to blame"
    : "about the rows: the batch is tried in pieces";
  test(`R12: a ClickHouse that answers ${status} is ${what}`, async (t) => {
    const sink = await clickHouseSink({ url: await answering(t, 200, 200, status) });
    const run = {
      topic: "sim.trade-events",
      topicId: "",
      partition: 0,
      firstOffset: 0,
      lastOffset: 0,
      rows: [],
    };
    const row = { offset: 0 } as never;
    await assert.rejects(sink.write({ runs: [{ ...run, rows: [row] }] }), {
      code: "sink_unavailable",
      retryable,
    });
  });
}

for (const [status, retryable] of [
  [401, false],
  [503, true],
] as const)
  test(`a ClickHouse that answers ${status} at the start is ${retryable ? "waited for" : "told of at once"}`, async (t) => {
    const url = await answering(t, status);
    await assert.rejects(clickHouseSink({ url }), { code: "sink_unavailable", retryable });
  });
