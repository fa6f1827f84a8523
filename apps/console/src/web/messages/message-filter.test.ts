import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readMessageFilter } from "./message-filter.ts";

const about = { nowMs: Date.parse("2026-11-21T10:00:00Z"), partitions: 12 };

describe("the filter in the address bar", () => {
  it("is read: numbers, times, how long ago; what is empty is absent", () => {
    const query = new URLSearchParams(
      "partition=3&key=BTC-USD&type=&from=15m&to=2026-11-21T09:59:00Z&limit=5000",
    );
    assert.deepEqual(readMessageFilter(query, about), {
      filter: {
        partition: 3,
        key: "BTC-USD",
        fromTime: "2026-11-21T09:45:00.000Z",
        toTime: "2026-11-21T09:59:00.000Z",
        limit: 5_000,
      },
      faults: [],
    });
  });

  it("tells each field that can't be used, with what was given", () => {
    const query = new URLSearchParams("partition=12&from=yesterday&limit=1e3&to=2026-02-30T00:00:00Z");
    assert.deepEqual(
      readMessageFilter(query, about).faults.map(({ field, given }) => `${field}=${given}`),
      ["partition=12", "from=yesterday", "to=2026-02-30T00:00:00Z", "limit=1e3"],
    );
  });

  it("does not take a range that ends before it begins: nothing is in it, as if nothing fitted", () => {
    const of = (text: string): readonly string[] =>
      readMessageFilter(new URLSearchParams(text), about).faults.map(
        ({ field, given }) => `${field}=${given}`,
      );
    assert.deepEqual(of("from=15m&to=20m"), ["to=20m"]);
    assert.deepEqual(of("from=2026-11-21T09:00:00Z&to=2026-11-21T09:00:00Z"), []);
    assert.deepEqual(of("to=20m"), []);
  });

  it("does not take an end while it is live: it would be waited for what can't come", () => {
    for (const to of ["20m", "2126-11-21T09:00:00Z", "tomorrow"]) {
      const query = new URLSearchParams({ from: "15m", to });
      assert.deepEqual(readMessageFilter(query, { ...about, isLive: true }).faults, [
        { field: "to", given: to, allowed: "no end while Live is on" },
      ]);
    }
    const open = new URLSearchParams("from=15m&to=");
    assert.deepEqual(readMessageFilter(open, { ...about, isLive: true }).faults, []);
  });
});
