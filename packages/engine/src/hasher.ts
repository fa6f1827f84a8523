/**
 * A 128-bit hash of a stream of integers, texts and bytes, the same on every machine. It finds differences and damage;
 * it is no defence against someone who wants a collision. Mixing after MurmurHash3 by Austin Appleby.
 */
export class StateHasher {
  #a = 0x6a09e667;
  #b = 0xbb67ae85 | 0;
  #c = 0x3c6ef372;
  #d = 0xa54ff53a | 0;
  #words = 0;

  /** A non-negative safe integer, or -1. */
  number(value: number): void {
    this.#word(value | 0);
    this.#word(Math.floor(value / 4_294_967_296) | 0);
  }

  text(value: string): void {
    this.#word(value.length);
    for (let index = 0; index < value.length; index++) this.#word(value.charCodeAt(index));
  }

  bytes(value: Uint8Array): void {
    const whole = value.length - (value.length % 4);
    for (let index = 0; index < whole; index += 4) {
      this.#word(
        byteAt(value, index) |
          (byteAt(value, index + 1) << 8) |
          (byteAt(value, index + 2) << 16) |
          (byteAt(value, index + 3) << 24),
      );
    }
    let rest = 0;
    for (let index = whole; index < value.length; index++) rest = (rest << 8) | byteAt(value, index);
    this.#word(rest);
    this.#word(value.length);
  }

  /** 32 hexadecimal digits. */
  digest(): string {
    const a = finish(this.#a ^ this.#words);
    const b = finish((this.#b + a) | 0);
    const c = finish((this.#c + b) | 0);
    const d = finish((this.#d + c) | 0);
    return [finish((a + d) | 0), b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #word(word: number): void {
    let mixed = Math.imul(word, 0xcc9e2d51);
    mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    let lane = this.#a ^ mixed;
    lane = ((lane << 19) | (lane >>> 13)) + this.#b;
    lane = (Math.imul(lane, 5) + 0x561ccd1b) | 0;
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d ^ mixed;
    this.#d = lane;
    this.#words = (this.#words + 1) | 0;
  }
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
