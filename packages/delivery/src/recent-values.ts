import { hash } from "node:crypto";
import type { BusRecord } from "@bourse/bus";
import type { Position } from "./sequence-check.ts";

/** So many numbers are remembered: a relay's second copy comes a batch later, a second owner's not much more. */
export const REMEMBERED = 16_384;

/**
 * What one producer's newest numbers of one partition said, as hashes: three numbers each, whatever the size of the
 * values. Numbers follow each other, so a number's place is its remainder.
 */
export class RecentValues {
  readonly #epochs = new Float64Array(REMEMBERED);
  readonly #sequences = new Float64Array(REMEMBERED);
  readonly #hashes = new Float64Array(REMEMBERED);

  /** An older number takes no newer one's place. */
  remember({ epoch, sequence }: Position, record: BusRecord): void {
    const place = sequence % REMEMBERED;
    if ((this.#sequences[place] ?? 0) > sequence) return;
    this.#epochs[place] = epoch;
    this.#sequences[place] = sequence;
    this.#hashes[place] = hashOf(record);
  }

  /** `unknown`: the number is too old to be remembered, or was never there. */
  compare({ epoch, sequence }: Position, record: BusRecord): "equal" | "differs" | "unknown" {
    const place = sequence % REMEMBERED;
    if (this.#sequences[place] !== sequence || this.#epochs[place] !== epoch) return "unknown";
    return this.#hashes[place] === hashOf(record) ? "equal" : "differs";
  }
}

/** 48 bits of SHA-256: a whole number that a double holds. */
function hashOf({ key, value }: BusRecord): number {
  return hash("sha256", `${key === null ? "" : `key ${key}`}\n${value}`, "buffer").readUIntBE(0, 6);
}
