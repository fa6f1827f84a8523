import type { RecordedCommand } from "@bourse/recordings";

/** What must be known of a file before its first command is sent. */
export interface Survey {
  readonly commands: number;
  readonly maxPrice: number;
  readonly maxQuantity: number;
  /** A price in the middle of the action: the first aggressor's, else the first order's. */
  readonly referencePrice: number;
}

/**
 * Reads the whole recording once: a row that breaks the format is found before anything was sent, and the listing can
 * be made so that no limit of it binds. Prices are in 1/10000 of a dollar.
 */
export async function surveyRecording(commands: AsyncIterable<RecordedCommand>): Promise<Survey> {
  let count = 0;
  let maxPrice = 1;
  let maxQuantity = 1;
  let firstPrice = 0;
  let firstTrade = 0;
  for await (const { kind, price, quantity } of commands) {
    count++;
    if (kind !== "limit" && kind !== "aggress") continue;
    maxPrice = Math.max(maxPrice, price);
    maxQuantity = Math.max(maxQuantity, quantity);
    if (firstPrice === 0) firstPrice = price;
    if (firstTrade === 0 && kind === "aggress") firstTrade = price;
  }
  return { commands: count, maxPrice, maxQuantity, referencePrice: firstTrade || firstPrice || 1 };
}
