/** The side that an account grows on. */
export type NormalSide = "DEBIT" | "CREDIT";

/**
 * The kinds of ledger account and their normal sides. What customers own is the venue's liability, so it is
 * credit-normal; what the venue has outside, or is owed, is debit-normal.
 */
export const ACCOUNT_KINDS: {
  readonly CUSTOMER_AVAILABLE: "CREDIT";
  readonly CUSTOMER_HELD: "CREDIT";
  readonly EXTERNAL: "DEBIT";
  readonly FEE_INCOME: "CREDIT";
  readonly CLEARING: "CREDIT";
  readonly SUSPENSE: "DEBIT";
} = {
  /** What a customer may spend or withdraw. Never negative. */
  CUSTOMER_AVAILABLE: "CREDIT",
  /** What is set aside for a customer's open orders. Never negative. */
  CUSTOMER_HELD: "CREDIT",
  /** Cash at banks, coins in vaults, shares at a depository: what lies outside for what customers own here. */
  EXTERNAL: "DEBIT",
  /** Fees earned, less rebates paid. */
  FEE_INCOME: "CREDIT",
  /** What is on its way between two places; zero when nothing is. */
  CLEARING: "CREDIT",
  /** What a settlement lacked and somebody must look at (R11). */
  SUSPENSE: "DEBIT",
};
export type AccountKind = keyof typeof ACCOUNT_KINDS;
export type CustomerKind = "CUSTOMER_AVAILABLE" | "CUSTOMER_HELD";

/**
 * One account of the ledger: of one owner, of one asset. The owner is a trading account, or for the venue's own
 * accounts a partition, so that none of them is a row that everybody waits for (R13).
 */
export interface LedgerAccount {
  readonly kind: AccountKind;
  readonly owner: string;
  readonly asset: string;
}

export function available(accountId: string, asset: string): LedgerAccount {
  return { kind: "CUSTOMER_AVAILABLE", owner: accountId, asset };
}

export function held(accountId: string, asset: string): LedgerAccount {
  return { kind: "CUSTOMER_HELD", owner: accountId, asset };
}

/** An account of the venue itself, one per partition. */
export function venueAccount(
  kind: Exclude<AccountKind, CustomerKind>,
  partition: number,
  asset: string,
): LedgerAccount {
  return { kind, owner: `partition-${partition}`, asset };
}

/** A text that is equal for the same account only. */
export function accountKey(account: LedgerAccount): string {
  return `${account.kind}/${account.owner}/${account.asset}`;
}
