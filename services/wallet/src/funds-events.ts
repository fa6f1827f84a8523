import { formatDecimal } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { walletEvents } from "@bourse/contracts";
import type { OutgoingEvent } from "@bourse/delivery";
import type { LedgerBatch } from "@bourse/ledger";
import type { ReferenceBook } from "@bourse/market";

/** What a batch held and released, net: one event per account and asset each. */
export function fundsEvents(ledger: LedgerBatch, reference: ReferenceBook): OutgoingEvent[] {
  const held = new Map<string, Movement>();
  const released = new Map<string, Movement>();
  for (const { kind, postings } of ledger.posted()) {
    if (kind !== "HOLD" && kind !== "RELEASE") continue;
    const [posting] = postings;
    if (posting === undefined) continue;
    const { owner: accountId, asset } = posting.account;
    const movements = kind === "HOLD" ? held : released;
    const name = `${accountId} ${asset}`;
    const before = movements.get(name);
    if (before === undefined) movements.set(name, { accountId, asset, units: posting.amountUnits });
    else before.units += posting.amountUnits;
  }
  return [
    ...[...held.values()].map((movement) => fundsEvent("FundsHeld", movement, ledger, reference)),
    ...[...released.values()].map((movement) => fundsEvent("FundsReleased", movement, ledger, reference)),
  ];
}

interface Movement {
  readonly accountId: string;
  readonly asset: string;
  units: bigint;
}

function fundsEvent(
  eventType: "FundsHeld" | "FundsReleased",
  { accountId, asset, units }: Movement,
  ledger: LedgerBatch,
  reference: ReferenceBook,
): OutgoingEvent<typeof walletEvents> {
  const scale = reference.asset(asset)?.scale ?? 0;
  const after = ledger.balance(accountId, asset);
  return {
    topic: walletEvents,
    key: accountId,
    partition: partitionOf(accountId, walletEvents.partitions),
    event: {
      eventType,
      accountId,
      asset,
      amount: formatDecimal(units, scale),
      available: formatDecimal(after.availableUnits, scale),
      held: formatDecimal(after.heldUnits, scale),
    },
  };
}
