import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LastUsed } from "./last-used.ts";

test("it never has more than it may, and never loses the half that was used last", () => {
  const step = fc.record({ use: fc.constantFrom("get", "has", "set", "delete"), key: fc.nat(12) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 2, max: 8 }), (steps, max) => {
      const rows = new LastUsed<number, object>(max, () => new Map());
      const plain = new Map<number, object>();
      let used: number[] = [];
      for (const { use, key } of steps) {
        const before = use === "has" && !rows.has(key) ? undefined : rows.get(key);
        const isRecent = used.slice(0, Math.floor(max / 2) - 1).includes(key);
        if (isRecent) assert.ok(before !== undefined, "what was used last is still there");
        if (before !== undefined) assert.equal(before, plain.get(key), "and is what was set last");
        used = used.filter((each) => each !== key);
        if (use === "delete") {
          rows.delete(key);
          plain.delete(key);
          assert.equal(rows.get(key), undefined);
          continue;
        }
        if (use === "set") {
          plain.set(key, {});
          rows.set(key, plain.get(key) as object);
        }
        if (use === "set" || before !== undefined) used.unshift(key);
      }
      const found = [...plain.keys()].filter((key) => rows.get(key) !== undefined);
      assert.ok(found.length <= max, `${found.length} rows of at most ${max}`);
    }),
  );
});
