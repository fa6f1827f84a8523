import { formatDecimal } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { walletEvents } from "@bourse/contracts";
import type { OutgoingEvent } from "@bourse/delivery";
import type { Balance, LedgerBatch } from "@bourse/ledger";
import type { ReferenceBook } from "@bourse/market";
import { scaleOf } from "./wallet.ts";

/** What a batch has held and released, net: one event of each kind per account and asset. */
export function fundsEvents(ledger: LedgerBatch, reference: ReferenceBook): OutgoingEvent[] {
  const held = new Map<Balance, bigint>();
  const released = new Map<Balance, bigint>();
  for (const entry of ledger.entries()) {
    if (entry.kind !== "HOLD" && entry.kind !== "RELEASE") continue;
    const movements = entry.kind === "HOLD" ? held : released;
    movements.set(entry.balance, (movements.get(entry.balance) ?? 0n) + entry.amountUnits);
  }
  const events: OutgoingEvent[] = [];
  for (const [balance, units] of held) events.push(fundsEvent("FundsHeld", balance, units, reference));
  for (const [balance, units] of released)
    events.push(fundsEvent("FundsReleased", balance, units, reference));
  return events;
}

function fundsEvent(
  eventType: "FundsHeld" | "FundsReleased",
  { accountId, asset, availableUnits, heldUnits }: Balance,
  units: bigint,
  reference: ReferenceBook,
): OutgoingEvent<typeof walletEvents> {
  const scale = scaleOf(reference, asset);
  return {
    topic: walletEvents,
    key: accountId,
    partition: partitionOf(accountId, walletEvents.partitions),
    event: {
      eventType,
      accountId,
      asset,
      amount: formatDecimal(units, scale),
      available: formatDecimal(availableUnits, scale),
      held: formatDecimal(heldUnits, scale),
    },
  };
}
