import { assert } from "./assert.ts";
import type { Random } from "./ports.ts";

/**
 * A seeded generator: the same seed yields the same numbers everywhere.
 * Source: xoshiro128** by Blackman and Vigna, seeded by SplitMix32.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const split = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = split();
  let b = split();
  let c = split();
  let d = split();
  const nextUint32 = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return {
    next: () => nextUint32() / 2 ** 32,
    below: (bound) => {
      assert(
        Number.isInteger(bound) && bound > 0 && bound <= 2 ** 32,
        "a bound is a positive 32-bit integer",
      );
      return Math.floor((nextUint32() / 2 ** 32) * bound);
    },
  };
}
