import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { postgresStore } from "@bourse/store";
import { removeDataFolder, startPostgres, stopPostgres } from "@bourse/store/local-postgres";
import { endUnused } from "./end-unused.ts";

test("a server that somebody uses stays; of several that end together one ends it, and none fails", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-end-unused-"));
  t.after(async () => {
    await stopPostgres(folder);
    removeDataFolder(folder);
  });
  const first = await startPostgres({ folder });
  const second = await startPostgres({ folder });
  const other = postgresStore({
    url: first.adminUrl,
    schema: "public",
    applicationName: "other",
    maxConnections: 1,
  });
  await other.ping();
  await endUnused(second);
  await other.ping();
  await other.close();
  await Promise.all([first, second, first, second].map(endUnused));
  assert.equal(await stopPostgres(folder), false);
});
