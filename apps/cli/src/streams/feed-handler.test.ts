import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { handlerOf } from "./feed-handler.ts";

test("a handler is a module's function, and what is none is named", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-handler-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const seen: unknown[] = [];
  Object.assign(globalThis, { seenByHandler: seen });
  const handle = await handlerOf(
    file("good.mjs", "export async function handle(rows) { globalThis.seenByHandler.push(...rows); }"),
  );
  await handle([{ time: "2026-11-21T12:00:00.000Z", fields: { client_id: "alice" } }]);
  assert.deepEqual(seen, [{ time: "2026-11-21T12:00:00.000Z", fields: { client_id: "alice" } }]);
  await assert.rejects(
    handlerOf(file("bad.mjs", "export const handle = 1;")),
    /bad\.mjs exports no function `handle`/,
  );
  await assert.rejects(handlerOf(join(folder, "none.mjs")), /--handler: .*none\.mjs can't be loaded/);
});
