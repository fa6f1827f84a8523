import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manualClock } from "@bourse/base/testing";
import { KeyCache } from "./key-cache.ts";

describe("the key cache", () => {
  it("remembers for its time and no longer, unknown keys too", () => {
    const clock = manualClock();
    const cache = new KeyCache(clock, 1_000);
    const principal = { keyId: "k1", role: "account", accountId: "alice" } as const;
    cache.set("bk_known", principal);
    cache.set("bk_wrong", null);
    clock.advance(999);
    assert.deepEqual(cache.get("bk_known"), principal);
    assert.equal(cache.get("bk_wrong"), null);
    clock.advance(1);
    assert.equal(cache.get("bk_known"), undefined);
    assert.equal(cache.get("bk_never"), undefined);
  });

  it("is bounded: the oldest key is forgotten first", () => {
    const cache = new KeyCache(manualClock(), 1_000);
    for (let n = 0; n <= 10_000; n++) cache.set(`bk_${n}`, null);
    assert.equal(cache.get("bk_0"), undefined);
    assert.equal(cache.get("bk_1"), null);
    assert.equal(cache.get("bk_10000"), null);
  });
});
