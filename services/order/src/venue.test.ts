import assert from "node:assert/strict";
import { test } from "node:test";
import { Venue, type VenueTables } from "./venue.ts";

test("what was read earlier never replaces what was read later", async () => {
  const venue = new Venue();
  const tables: VenueTables = { assets: [], instruments: [], halted: [], blocked: [] };
  const slow = Promise.withResolvers<VenueTables>();
  const earlier = venue.reload(() => slow.promise);
  await venue.reload(() => Promise.resolve({ ...tables, blocked: ["alice"] }));
  slow.resolve(tables);
  await earlier;
  assert.ok(venue.isBlocked("alice"));
  await venue.reload(() => Promise.resolve(tables));
  assert.equal(venue.isBlocked("alice"), false);
});
