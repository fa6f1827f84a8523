import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import { NONE } from "../slots.ts";
import { PriceNodes, PriceTree } from "./price-tree.ts";

for (const maxPrice of [20, 31, 32, 1_023, 1_024, 5_000_000, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
  test(`a tree of prices up to ${maxPrice} finds what a sorted array finds`, () => {
    const random = seededRandom(maxPrice % 1_000_003);
    const tree = new PriceTree(new PriceNodes(), maxPrice);
    const sorted: number[] = [];
    const levels = new Map<number, number>();
    for (let step = 0; step < 3_000; step++) {
      const spread = random.below(2) === 0 ? Math.min(maxPrice, 60) : maxPrice;
      const price = Math.max(1, Math.floor(random.next() * spread));
      const at = sorted.findIndex((known) => known >= price);
      const index = at === -1 ? sorted.length : at;
      const below = sorted[index - 1];
      const above = sorted[sorted[index] === price ? index + 1 : index];
      assert.equal(tree.find(price), levels.get(price) ?? NONE, `find ${price} at step ${step}`);
      assert.equal(
        tree.below(price),
        below === undefined ? NONE : levels.get(below),
        `below ${price} at step ${step}`,
      );
      assert.equal(
        tree.above(price),
        above === undefined ? NONE : levels.get(above),
        `above ${price} at step ${step}`,
      );
      if (levels.has(price)) {
        tree.remove(price);
        levels.delete(price);
        sorted.splice(index, 1);
      } else {
        tree.insert(price, step);
        levels.set(price, step);
        sorted.splice(index, 0, price);
      }
    }
    assert.ok(sorted.length > 5);
    for (const price of sorted.splice(0)) tree.remove(price);
    assert.equal(tree.above(0), NONE);
    assert.equal(tree.below(maxPrice), NONE);
  });
}
