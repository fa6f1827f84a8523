import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CANCEL_CAUSES, REJECT_REASONS } from "@bourse/engine";

/** What order's door lets through to no engine, and what only other commands than a client's are refused for. */
const NEVER_A_CLIENTS: ReadonlySet<string> = new Set([
  "duplicate_request",
  "unknown_symbol",
  "already_listed",
  "price_beyond_worst",
  "duplicate_client_id",
  ...REJECT_REASONS.filter((reason) => reason.startsWith("invalid_") && reason !== "invalid_replacement"),
]);

test("every reason that a client may be given is explained", () => {
  const document = readFileSync(new URL("../../../docs/orders.md", import.meta.url), "utf8");
  const rows = document.split("\n").filter((line) => /^\| [A-Z]* ?\| `/.test(line));
  const explained = new Set(
    rows.flatMap((line) => [...(line.split("|")[2] ?? "").matchAll(/`(\w+)`/g)].map(([, reason]) => reason)),
  );
  const given = [...CANCEL_CAUSES, ...REJECT_REASONS.filter((reason) => !NEVER_A_CLIENTS.has(reason))];
  assert.deepEqual(
    given.filter((reason) => !explained.has(reason)),
    [],
  );
  const known = new Set<string>([
    ...CANCEL_CAUSES,
    ...REJECT_REASONS,
    "expired",
    "cancelled_before_placement",
    "abandoned_before_commit",
  ]);
  assert.deepEqual(
    [...explained].filter((reason) => !known.has(String(reason))),
    [],
  );
});
