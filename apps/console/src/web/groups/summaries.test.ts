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
    summaries({ rows, groups: [], silent: [], unknown: [] }).map(({ group, lag }) => [group, lag]),
    [
      ["known", 5],
      ["unknown", null],
    ],
  );
});

test("a group of which other instances' partitions could not be asked is shown, and not said to have none", () => {
  const about = { service: "wallet", kind: "effect", reason: "the store is away" };
  const unknown = [
    { ...about, group: "half" },
    { ...about, group: "gone" },
  ];
  assert.deepEqual(
    summaries({ rows: [row("half", 0, 0), row("whole", 0, 0)], groups: [], silent: [], unknown }).map(
      ({ group, lag, partitions }) => [group, lag, partitions],
    ),
    [
      ["gone", null, 0],
      ["half", null, 1],
      ["whole", 0, 1],
    ],
  );
});
