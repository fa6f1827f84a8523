import assert from "node:assert/strict";
import { test } from "node:test";
import { MATRIX } from "./faults/matrix.ts";
import { groupOf, passes, selectFaults } from "./plan.ts";

const nameOf = ({ name, bus }: (typeof MATRIX)[number]): string => `${bus}: ${name}`;

test("the matrix has each fault once", () => {
  const names = MATRIX.map(nameOf);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 40);
});

test("words select by name and bus, and an unknown word is refused", () => {
  const selected = selectFaults(MATRIX, { only: ["disk-full"], buses: ["embedded"] });
  assert.deepEqual(selected.map(nameOf).sort(), ["embedded: disk-full bus", "embedded: disk-full postgres"]);
  assert.throws(() => selectFaults(MATRIX, { only: ["earthquake"], buses: ["kafka"] }), /no fault on kafka/);
});

test("one fault restarts every service, where there is a process of each", () => {
  const selected = selectFaults(MATRIX, { only: ["rolling-restart"], buses: ["embedded", "kafka"] });
  assert.deepEqual(selected.map(nameOf), ["kafka: rolling-restart"]);
  assert.equal(selected[0]?.worksDuring, true);
});

test("a pass has every fault once, in an order that the seed decides", () => {
  const orderOf = (seed: number): readonly string[] => passes(MATRIX, seed).next().value.map(nameOf);
  assert.deepEqual(orderOf(1), orderOf(1));
  assert.notDeepEqual(orderOf(1), orderOf(2));
  assert.deepEqual([...orderOf(1)].sort(), MATRIX.map(nameOf).sort());
});

test("faults that share a platform follow each other", () => {
  const groups = passes(MATRIX, 3).next().value.map(groupOf);
  const changes = groups.filter((group, index) => index > 0 && group !== groups[index - 1]).length;
  assert.equal(changes, new Set(groups).size - 1);
});
