import { referenceEvents } from "@bourse/contracts";
import { type Log, replayTopic } from "@bourse/delivery";
import { greaterLimits, limitsDiffer, type OrderLimits, ReferenceBook } from "@bourse/market";
import type { Row } from "@bourse/store";
import type { ReferenceData } from "./reference-data.ts";
import {
  assetOf,
  greatestLimitsOf,
  instrumentOf,
  lockForChange,
  markCompared,
  selectAssets,
  selectInstruments,
  selectUncomparedEpoch,
  updateGreatestLimits,
} from "./sql/rows.ts";

type Parts = Pick<ReferenceData, "store" | "bus" | "delivery"> & { readonly log: Log };

/**
 * Orders may live of limits that were told before the database was restored, or before it kept the greatest ones (R6, R9).
 * The topic has every limit there ever was, since it is kept for ever. It is read once for each instrument and epoch.
 */
export async function raiseGreatestLimits({ store, bus, delivery, log }: Parts): Promise<void> {
  const [uncompared] = await store.query(selectUncomparedEpoch());
  if (uncompared === undefined) return;
  const epoch = Number(uncompared.epoch);
  const book = new ReferenceBook();
  for (const row of await store.query(selectAssets())) book.listAsset(assetOf(row));
  for (const row of await store.query(selectInstruments())) book.listInstrument(instrumentOf(row));
  const told = await toldLimits({ bus, log }, book);
  await delivery.commit("raise greatest limits", async (unit) => {
    const [, rows = []] = await unit.run([lockForChange(), selectInstruments()]);
    const raised = rows.flatMap((row) => {
      const limits = raisedBy(book, row, told);
      return limits === null ? [] : [updateGreatestLimits(String(row.symbol), limits)];
    });
    const compared = book.instruments().map(({ instrument: { symbol } }) => symbol);
    return { statements: [...raised, markCompared(compared, epoch)], events: [], result: undefined };
  });
}

/** The greatest limits that the topic tells of each instrument in the book. */
async function toldLimits(
  { bus, log }: Pick<Parts, "bus" | "log">,
  book: ReferenceBook,
): Promise<ReadonlyMap<string, OrderLimits>> {
  const told = new Map<string, OrderLimits>();
  // It is no listing and no change, so no limit of an order is in it; a start that it stopped could not be helped (R12).
  const passOver = ({ message }: Error) => log.warn({ reason: message }, "has no limits: left out");
  for (let partition = 0; partition < referenceEvents.partitions; partition++)
    for await (const batch of replayTopic(bus, referenceEvents, partition, { passOver }))
      for (const { event } of batch) {
        if (event.eventType === "AssetListed") continue;
        const { symbol } = event;
        const compiled = book.instrument(symbol);
        if (compiled !== undefined)
          told.set(symbol, greaterLimits(compiled, told.get(symbol) ?? event, event));
      }
  return told;
}

/** null: the row has them, or was listed since. */
function raisedBy(book: ReferenceBook, row: Row, told: ReadonlyMap<string, OrderLimits>): OrderLimits | null {
  const compiled = book.instrument(String(row.symbol));
  const limits = told.get(String(row.symbol));
  if (compiled === undefined || limits === undefined) return null;
  const kept = greatestLimitsOf(row);
  const greatest = greaterLimits(compiled, kept, limits);
  return limitsDiffer(greatest, kept) ? greatest : null;
}
