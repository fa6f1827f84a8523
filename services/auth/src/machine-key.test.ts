import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { hashMachineKey, MACHINE_KEY_PATTERN, newMachineKey } from "./machine-key.ts";

const newId = (): string => randomBytes(16).toString("hex");

describe("a machine key", () => {
  it("has its form and never repeats", () => {
    const keys = new Set(Array.from({ length: 1_000 }, () => newMachineKey(newId)));
    assert.equal(keys.size, 1_000);
    for (const key of keys) assert.match(key, MACHINE_KEY_PATTERN);
  });

  it("is kept as a hash that another key does not have", () => {
    const [one, other] = [newMachineKey(newId), newMachineKey(newId)];
    assert.deepEqual(hashMachineKey(one), hashMachineKey(one));
    assert.notDeepEqual(hashMachineKey(one), hashMachineKey(other));
  });
});
