import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { forgetRefusal, keepRefusal, type Refusal, readRefusals } from "./refusals.ts";

const refusal: Refusal = { service: "order", message: "restored", at: "2026-01-01T00:00:00.000Z" };

function dataFolder(t: TestContext): { readonly path: string; folder(name: string): string } {
  const path = mkdtempSync(join(tmpdir(), "refusals-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    folder: (name) => {
      mkdirSync(join(path, name), { recursive: true });
      return join(path, name);
    },
  };
}

test("a refusal is kept whole until it is forgotten", (t) => {
  const data = dataFolder(t);
  assert.deepEqual(readRefusals(data.path), []);
  assert.equal(keepRefusal(data, { ...refusal, message: "a longer message than the next one" }), null);
  keepRefusal(data, refusal);
  keepRefusal(data, { ...refusal, service: "wallet" });
  assert.deepEqual(readRefusals(data.path), [refusal, { ...refusal, service: "wallet" }]);
  assert.deepEqual(readdirSync(data.folder("refusals")), ["order.json", "wallet.json"]);
  forgetRefusal(data.path, "wallet");
  forgetRefusal(data.path, "wallet");
  assert.deepEqual(readRefusals(data.path), [refusal]);
});

test("what a crash has left beside a refusal, or of one, hides none of the others", (t) => {
  const data = dataFolder(t);
  keepRefusal(data, refusal);
  writeFileSync(join(data.folder("refusals"), "auth.json.17.tmp"), '{"service":"au');
  writeFileSync(join(data.folder("refusals"), "wallet.json"), "");
  assert.deepEqual(readRefusals(data.path), [refusal]);
});

test("what a disk does not take is said, and does not hide the refusal itself", (t) => {
  const data = dataFolder(t);
  mkdirSync(join(data.folder("refusals"), "order.json", "in the way"), { recursive: true });
  assert.match(keepRefusal(data, refusal) ?? "kept", /EISDIR|ENOTEMPTY|EEXIST|directory/);
});
