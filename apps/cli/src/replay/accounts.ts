/** Where the accounts of a run come from. */
export interface AccountTerms {
  readonly run: string;
  /** Buyers, and as many sellers. */
  readonly accounts: number;
}

type Side = "BUY" | "SELL";

/** All accounts of one side: `amzn-b01`, `amzn-b02`, ... */
export function accountsOf(terms: AccountTerms, side: Side): readonly string[] {
  return Array.from({ length: terms.accounts }, (_, index) => accountName(terms, side, index));
}

/**
 * The account of an order: a pure function of its side and id. Buyers and sellers are different accounts, so that no
 * order ever meets one of its own account.
 */
export function accountFor(terms: AccountTerms, side: Side, id: string): string {
  return accountName(terms, side, fnv1a(id) % terms.accounts);
}

function accountName({ run, accounts }: AccountTerms, side: Side, index: number): string {
  const digits = Math.max(2, String(accounts).length);
  return `${run}-${side === "BUY" ? "b" : "s"}${String(index + 1).padStart(digits, "0")}`;
}

/** FNV-1a, 32 bits: spreads ids that follow each other. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
