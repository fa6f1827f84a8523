import { BookReader } from "./book-reader.ts";
import { topChecksum } from "./checksum.ts";
import type { Top, TopChanged, TopSnapshot } from "./messages.ts";

const NONE: Top = { bid: undefined, ask: undefined };

/** Follows L1: the best bid and ask. */
export class TopReader extends BookReader<TopChanged, TopSnapshot> {
  #top: Top = NONE;

  /** Undefined while a snapshot is needed. */
  book(): Top | undefined {
    return this.needsSnapshot ? undefined : this.#top;
  }

  protected override apply({ bid, ask }: TopChanged): boolean {
    this.#top = { bid, ask };
    return true;
  }

  protected override load({ bid, ask }: TopSnapshot): boolean {
    this.#top = { bid, ask };
    return true;
  }

  protected override clear(): void {
    this.#top = NONE;
  }

  protected override checksum(sequence: number): number {
    return topChecksum(sequence, this.#top);
  }

  protected override checksumOf(snapshot: TopSnapshot): number {
    return topChecksum(snapshot.sequence, snapshot);
  }
}
