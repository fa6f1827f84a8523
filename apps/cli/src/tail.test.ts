import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { it } from "node:test";
import { type FakeAnswer, fakeGateway } from "./testing/fake-gateway.ts";

const TOPIC = {
  name: "trade-events",
  events: [],
  partitions: [{ partition: 0, earliest: "0", latest: "3" }],
  error: null,
};

/** Number n of its producer, at an offset. */
const record = (offset: number, n: number, producer = "matching") => ({
  partition: 0,
  offset: String(offset),
  time: "2026-11-21T09:30:00.000Z",
  key: "BTC-USD",
  headers: { producer, epoch: "1", sequence: String(n) },
  value: { n },
});

it("tail --follow on a log that has lost its end says so, and shows nothing twice that is sent again", async (t) => {
  const pages = [
    { records: [record(1, 2), record(2, 3)], nextOffset: "3" },
    // It ends before: nothing of its beginning is answered.
    { records: [], nextOffset: "1" },
    { records: [record(1, 2), record(2, 3), record(3, 9, "wallet"), record(4, 4)], nextOffset: "5" },
  ];
  const asked: (string | null)[] = [];
  const gateway = await fakeGateway(t, async ({ path, query }): Promise<FakeAnswer> => {
    if (path === "/api/v1/platform/topics") return { status: 200, body: { topics: [TOPIC] } };
    asked.push(query.get("from"));
    const page = pages.shift() ?? (await new Promise<never>(() => undefined));
    return { status: 200, body: { ...page, complete: true } };
  });
  const args = ["tail", "trade-events", "--follow", "--json", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args]);
  t.after(() => child.kill("SIGKILL"));
  let [said, noted] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (noted += text));
  child.stdout.setEncoding("utf8");
  while (!said.includes('"offset":"4"')) said += (await once(child.stdout, "data"))[0];
  assert.deepEqual(
    said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).value.n),
    [2, 3, 9, 4],
  );
  assert.match(noted, /^trade-events\/0 ends at 1 now, before 3: it has lost its end\. .*\n$/);
  assert.deepEqual(asked.slice(0, 3), [null, "3", "1"]);
});
