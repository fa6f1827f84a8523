import { unreachable } from "@bourse/base";
import type { WorkingBalance } from "./balances.ts";
import type { Journal, JournalKind } from "./journal.ts";
import {
  deposit,
  hold,
  release,
  settleTrade,
  shortfall,
  type TradeToSettle,
  withdrawal,
} from "./movements.ts";

/** What a batch posted, as narrow as it is stored: its journal, with all legs, follows from it. */
export type Entry = TransferEntry | TradeEntry;

/** An amount that moved between two accounts that the kind names. */
export interface TransferEntry {
  readonly kind: Exclude<JournalKind, "TRADE">;
  readonly journalId: string;
  /** The customer's, as the batch has left it so far. */
  readonly balance: WorkingBalance;
  readonly amountUnits: bigint;
}

export interface TradeEntry {
  readonly kind: "TRADE";
  readonly journalId: string;
  readonly trade: TradeToSettle;
}

export function journalOf(entry: Entry, partition: number): Journal {
  if (entry.kind === "TRADE") return settleTrade(entry.trade);
  const { journalId, kind, amountUnits } = entry;
  const { accountId, asset } = entry.balance;
  const movement = { journalId, accountId, asset, amountUnits, partition };
  switch (kind) {
    case "HOLD":
      return hold(movement);
    case "RELEASE":
      return release(movement);
    case "SHORTFALL":
      return shortfall(movement);
    case "DEPOSIT":
      return deposit(movement);
    case "WITHDRAWAL":
      return withdrawal(movement);
    default:
      return unreachable(kind);
  }
}
