import type { Workload } from "./workload.ts";

/** What a run leaves behind, by which engines are compared: not one trade or level may differ. */
export interface Outcome {
  readonly trades: number;
  /** Over handles, prices and quantities of all trades in their order. */
  readonly checksum: number;
  /** Price and total of every level, best first. */
  readonly book: string;
}

export interface Contender {
  readonly name: string;
  /** Makes a new engine and fills its book. */
  prepare(workload: Workload): void;
  /** Runs the operations from `from` to `to`. */
  run(from: number, to: number): void;
  outcome(): Outcome;
}

/** Folds one trade into a checksum of 32 bits. */
export function fold(checksum: number, maker: number, taker: number, price: number, lots: number): number {
  let mixed = Math.imul(checksum ^ maker, 0x9e3779b1) ^ taker;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) ^ price;
  return (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) ^ lots) | 0;
}

export function bookText(sides: readonly (readonly (readonly [price: number, total: number])[])[]): string {
  return sides.map((levels) => levels.map((level) => level.join(":")).join(" ")).join("|");
}
