import assert from "node:assert/strict";
import { test } from "node:test";
import type { LagRow } from "./lag.ts";
import { summaries } from "./summaries.ts";

const row = (group: string, partition: number, lag: number | null): LagRow => ({
  group,
  service: null,
  kind: "foreign",
  topic: "orders",
  partition,
  state: "Stable",
  source: "committed",
  position: "7",
  end: null,
  lag,
  committed: "7",
  committedLag: lag,
  error: null,
});

test("a group of which a partition's lag is not known is not said to have none", () => {
  const rows = [row("known", 0, 2), row("known", 1, 3), row("unknown", 0, 0), row("unknown", 1, null)];
  assert.deepEqual(
    summaries({ rows, groups: [], silent: [] }).map(({ group, lag }) => [group, lag]),
    [
      ["known", 5],
      ["unknown", null],
    ],
  );
});
