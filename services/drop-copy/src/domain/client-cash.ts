import { decimalUnits, formatDecimal } from "@bourse/base";

/** As many decimals as an asset has at most: amounts are kept in units of 10^-18. */
const SCALE = 18;

/** A client's cash of a business day, in units. */
export interface ClientCash {
  readonly clientId: string;
  /** `2026-11-21`; empty: nothing is known of the client. */
  readonly day: string;
  readonly opening: bigint;
  readonly payIn: bigint;
  readonly payout: bigint;
  readonly traded: bigint;
}

/** What a fact moved: one of the three is not zero. */
export interface CashFact {
  readonly clientId: string;
  readonly day: string;
  readonly payIn: bigint;
  readonly payout: bigint;
  /** Signed: what trades and their fees, or suspense, put in. */
  readonly traded: bigint;
}

export interface CashRecord {
  readonly client_id: string;
  readonly pay_in: string;
  readonly payout: string;
  readonly opening_balance: string;
  readonly margin_utilized: string;
}

export function unknownClient(clientId: string): ClientCash {
  return { clientId, day: "", opening: 0n, payIn: 0n, payout: 0n, traded: 0n };
}

/**
 * Adds a fact. One of a later day begins that day: what the day before came to is its opening balance. One of an earlier
 * day, which another topic had ahead of it (R7), corrects the opening balance. A record is told where it would differ
 * from the one before it: trades of the day change none of its fields.
 */
export function applyCash(
  before: ClientCash,
  fact: CashFact,
): { readonly cash: ClientCash; readonly told: CashRecord | null } {
  const begun = fact.day > before.day ? beginDay(before, fact.day) : before;
  const { payIn, payout, traded } = fact;
  const cash =
    fact.day < begun.day
      ? { ...begun, opening: begun.opening + payIn - payout + traded }
      : {
          ...begun,
          payIn: begun.payIn + payIn,
          payout: begun.payout + payout,
          traded: begun.traded + traded,
        };
  const isNews =
    cash.day !== before.day ||
    cash.opening !== before.opening ||
    cash.payIn !== before.payIn ||
    cash.payout !== before.payout;
  return { cash, told: isNews ? cashRecord(cash) : null };
}

function beginDay({ clientId, opening, payIn, payout, traded }: ClientCash, day: string): ClientCash {
  return { clientId, day, opening: opening + payIn - payout + traded, payIn: 0n, payout: 0n, traded: 0n };
}

/** Accounts are cash accounts: nothing is lent against a margin, so nothing of one is utilized. */
export function cashRecord({ clientId, opening, payIn, payout }: ClientCash): CashRecord {
  return {
    client_id: clientId,
    pay_in: formatDecimal(payIn, SCALE),
    payout: formatDecimal(payout, SCALE),
    opening_balance: formatDecimal(opening, SCALE),
    margin_utilized: "0",
  };
}

export function cashUnits(amount: string): bigint {
  return decimalUnits(amount, SCALE);
}

/** The business day of an event: the UTC date of its time. */
export function dayOf(timestamp: string): string {
  return timestamp.slice(0, 10);
}
