import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownRows } from "./known-rows.ts";

test("the first unit of a tenure is careful, the others know its rows", () => {
  const known = new KnownRows<{ n: number }>(2);
  const tenure = {};
  const first = known.of(tenure);
  assert.equal(first.isCareful, true);
  for (const n of [1, 2, 3]) first.rows.set(String(n), { n });
  const second = known.of(tenure);
  assert.equal(second.isCareful, false);
  assert.deepEqual([second.rows.get("1"), second.rows.get("3")], [undefined, { n: 3 }]);
  const next = known.of({});
  assert.deepEqual([next.isCareful, next.rows.size], [true, 0]);
});

test("after a short tenure units are careful for longer, not for ever", () => {
  const known = new KnownRows<{ n: number }>(2);
  known.of({});
  const tenure = {};
  let careful = 0;
  for (let unit = 0; unit < 100; unit++) if (known.of(tenure).isCareful) careful++;
  assert.equal(careful, 32);
});
