import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownRows } from "./known-rows.ts";

test("the first unit of a tenure is careful, the others know its rows", () => {
  const known = new KnownRows<{ n: number }>(10);
  const tenure = {};
  const first = known.of(tenure);
  assert.equal(first.isCareful, true);
  first.rows.set("1", { n: 1 });
  const second = known.of(tenure);
  assert.equal(second.isCareful, false);
  assert.deepEqual(second.rows.get("1"), { n: 1 });
  const next = known.of({});
  assert.deepEqual([next.isCareful, next.rows.has("1")], [true, false]);
});

test("rows are bounded: however many units use however many, no more than the most are known", () => {
  const most = 10;
  const known = new KnownRows<{ n: number }>(most);
  const tenure = {};
  for (let n = 0; n < 1_000; n++) {
    const { rows } = known.of(tenure);
    rows.set(String(n), { n });
    const newest = Math.max(0, n - (most / 2 - 2));
    for (let kept = newest; kept <= n; kept++) assert.ok(rows.has(String(kept)), "what a unit used is there");
  }
  const { rows } = known.of(tenure);
  let found = 0;
  for (let n = 0; n < 1_000; n++) if (rows.has(String(n))) found++;
  assert.ok(found > 0 && found <= most, `${found} rows of at most ${most}`);
});

test("after a short tenure units are careful for longer, not for ever", () => {
  const known = new KnownRows<{ n: number }>(2);
  known.of({});
  const tenure = {};
  let careful = 0;
  for (let unit = 0; unit < 100; unit++) if (known.of(tenure).isCareful) careful++;
  assert.equal(careful, 32);
});
