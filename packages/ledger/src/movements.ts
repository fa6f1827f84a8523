import { assert } from "@bourse/base";
import { available, held, venueAccount } from "./account.ts";
import { type Journal, type Transfer, transferJournal } from "./journal.ts";

/** The journals of everything that moves. Amounts are minor units of their asset and positive; fees may be negative. */

export interface ExternalMovement {
  readonly journalId: string;
  readonly accountId: string;
  readonly asset: string;
  readonly amountUnits: bigint;
  /** Which of the venue's own accounts stands on the other side (R13). */
  readonly partition: number;
}

/** Something came in from outside: the venue has more, and owes it to the customer. */
export function deposit(movement: ExternalMovement): Journal {
  const { journalId, accountId, asset, amountUnits, partition } = movement;
  const debit = venueAccount("EXTERNAL", partition, asset);
  return transferJournal(journalId, "DEPOSIT", [{ debit, credit: available(accountId, asset), amountUnits }]);
}

export function withdrawal(movement: ExternalMovement): Journal {
  const { journalId, accountId, asset, amountUnits, partition } = movement;
  const credit = venueAccount("EXTERNAL", partition, asset);
  return transferJournal(journalId, "WITHDRAWAL", [
    { debit: available(accountId, asset), credit, amountUnits },
  ]);
}

export interface HoldMovement {
  readonly journalId: string;
  readonly accountId: string;
  readonly asset: string;
  readonly amountUnits: bigint;
}

/** From available to held. */
export function hold(movement: HoldMovement): Journal {
  const { journalId, accountId, asset, amountUnits } = movement;
  const transfer = { debit: available(accountId, asset), credit: held(accountId, asset), amountUnits };
  return transferJournal(journalId, "HOLD", [transfer]);
}

/** From held back to available. */
export function release(movement: HoldMovement): Journal {
  const { journalId, accountId, asset, amountUnits } = movement;
  const transfer = { debit: held(accountId, asset), credit: available(accountId, asset), amountUnits };
  return transferJournal(journalId, "RELEASE", [transfer]);
}

/** What a hold lacks for a settlement, lent to it by suspense: a trade is a fact and is settled (R11). */
export function shortfall(movement: ExternalMovement): Journal {
  const { journalId, accountId, asset, amountUnits, partition } = movement;
  const debit = venueAccount("SUSPENSE", partition, asset);
  return transferJournal(journalId, "SHORTFALL", [{ debit, credit: held(accountId, asset), amountUnits }]);
}

export interface TradeToSettle {
  readonly tradeId: string;
  readonly buyerAccountId: string;
  readonly sellerAccountId: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly quantityUnits: bigint;
  readonly notionalUnits: bigint;
  /** In the quote asset; negative is a rebate, which the venue's fee account pays. */
  readonly buyerFeeUnits: bigint;
  readonly sellerFeeUnits: bigint;
  readonly partition: number;
}

export function tradeJournalId(tradeId: string): string {
  return `trade/${tradeId}`;
}

/**
 * Both sides of a trade and its fees. The buyer pays notional and fee from what is held, and gets the quantity;
 * the seller delivers the quantity from what is held, and gets the notional less the fee.
 */
export function settleTrade(trade: TradeToSettle): Journal {
  const { buyerAccountId, sellerAccountId, baseAsset, quoteAsset, quantityUnits, notionalUnits } = trade;
  assertSettles(trade);
  const buyerPays = held(buyerAccountId, quoteAsset);
  const sellerGets = available(sellerAccountId, quoteAsset);
  const feeIncome = venueAccount("FEE_INCOME", trade.partition, quoteAsset);
  return transferJournal(tradeJournalId(trade.tradeId), "TRADE", [
    {
      debit: held(sellerAccountId, baseAsset),
      credit: available(buyerAccountId, baseAsset),
      amountUnits: quantityUnits,
    },
    { debit: buyerPays, credit: sellerGets, amountUnits: notionalUnits },
    signedTransfer({ debit: buyerPays, credit: feeIncome, amountUnits: trade.buyerFeeUnits }),
    signedTransfer({ debit: sellerGets, credit: feeIncome, amountUnits: trade.sellerFeeUnits }),
  ]);
}

/** What holds of the amounts of every trade. */
export function assertSettles(trade: TradeToSettle): void {
  const { quantityUnits, notionalUnits } = trade;
  assert(quantityUnits >= 0n && notionalUnits >= 0n, "a posting is positive");
  assert(trade.sellerFeeUnits <= notionalUnits, "a seller's fee comes out of the proceeds");
  assert(-trade.buyerFeeUnits <= notionalUnits, "a rebate never exceeds the notional");
}

/** A transfer of a negative amount goes the other way. */
function signedTransfer({ debit, credit, amountUnits }: Transfer): Transfer {
  if (amountUnits >= 0n) return { debit, credit, amountUnits };
  return { debit: credit, credit: debit, amountUnits: -amountUnits };
}
