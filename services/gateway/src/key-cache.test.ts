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

  it("remembers nothing from a time that is still to come: the clock was set back", () => {
    const clock = manualClock();
    const cache = new KeyCache(clock, 1_000);
    cache.set("bk_revoked_soon", { keyId: "k1", role: "operator" });
    clock.advance(-3_600_000);
    assert.equal(cache.get("bk_revoked_soon"), undefined);
  });

  it("names keys in use shortly before they are forgotten, so that they can be asked together", () => {
    const clock = manualClock();
    const cache = new KeyCache(clock, 1_000);
    const principal = { keyId: "k1", role: "operator" } as const;
    for (const key of ["bk_idle", "bk_a", "bk_b"]) cache.set(key, principal);
    cache.set("bk_wrong", null);
    for (const key of ["bk_a", "bk_b", "bk_wrong"]) cache.get(key);
    assert.deepEqual(cache.expiring(999, 10), []);
    clock.advance(900);
    cache.set("bk_late", principal);
    cache.get("bk_late");
    assert.deepEqual(cache.expiring(100, 10), ["bk_a", "bk_b"]);
    assert.deepEqual(cache.expiring(100, 1), ["bk_a"]);
    // Asked again in time, as of the moment when it was asked.
    cache.set("bk_a", principal, clock.nowMs() - 50);
    clock.advance(100);
    assert.deepEqual([cache.get("bk_a"), cache.get("bk_b")], [principal, undefined]);
    clock.advance(850);
    assert.equal(cache.get("bk_a"), undefined);
    clock.advance(50);
    assert.deepEqual(cache.expiring(5_000, 10), []);
  });

  it("is bounded: the oldest key is forgotten first", () => {
    const cache = new KeyCache(manualClock(), 1_000);
    for (let n = 0; n <= 10_000; n++) cache.set(`bk_${n}`, null);
    assert.equal(cache.get("bk_0"), undefined);
    assert.equal(cache.get("bk_1"), null);
    assert.equal(cache.get("bk_10000"), null);
  });

  it("keys that nobody was issued push out none that is somebody's", () => {
    const cache = new KeyCache(manualClock(), 1_000);
    const principal = { keyId: "k1", role: "operator" } as const;
    cache.set("bk_issued", principal);
    for (let n = 0; n <= 10_000; n++) cache.set(`bk_${n}`, null);
    assert.deepEqual(cache.get("bk_issued"), principal);
    // Revoked, or issued since it was asked: a key is remembered once.
    cache.set("bk_issued", null);
    assert.equal(cache.get("bk_issued"), null);
    cache.set("bk_10000", principal);
    assert.deepEqual(cache.get("bk_10000"), principal);
  });
});
