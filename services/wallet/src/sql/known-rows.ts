import { LastUsed } from "@bourse/base";
import { type Balance, type BalanceKey, BalanceTable } from "@bourse/ledger";
import type { OrderHold } from "../domain/hold.ts";

/** A row as it was last read or written. Version 0: there is no row yet. */
export interface KnownBalance extends Balance {
  availableUnits: bigint;
  heldUnits: bigint;
  version: number;
}

/** A few hundred bytes each. */
const MAX_BALANCES = 50_000;
const MAX_HOLDS = 30_000;
const MAX_ACCOUNTS = 50_000;

/**
 * A cache of the rows that this instance used last. Any of them may be out of date, since other instances write too. So a
 * write names the version that it was decided from, and fails as a whole if the row has another one.
 */
export class KnownRows {
  readonly #balances = new LastUsed<BalanceKey, KnownBalance>(MAX_BALANCES, () => new BalanceTable());
  readonly #holds = new LastUsed<string, OrderHold>(MAX_HOLDS, () => new Map());
  readonly #open = new LastUsed<string, true>(MAX_ACCOUNTS, () => new Map());

  balance(at: BalanceKey): KnownBalance | undefined {
    return this.#balances.get(at);
  }

  hold(orderId: string): OrderHold | undefined {
    return this.#holds.get(orderId);
  }

  /** Whether the account was open when it was last read. */
  isOpen(accountId: string): boolean {
    return this.#open.get(accountId) === true;
  }

  keepBalance(balance: KnownBalance): void {
    this.#balances.set(balance, balance);
  }

  /** A finished hold is evicted: hardly any fact follows for it. */
  keepHold(hold: OrderHold): void {
    if (hold.done && hold.heldUnits === 0n) this.#holds.delete(hold.orderId);
    else this.#holds.set(hold.orderId, hold);
  }

  keepOpen(accountId: string): void {
    this.#open.set(accountId, true);
  }

  forgetAccount(accountId: string): void {
    this.#open.delete(accountId);
  }

  forgetBalance(at: BalanceKey): void {
    this.#balances.delete(at);
  }

  forgetHold(orderId: string): void {
    this.#holds.delete(orderId);
  }

  forgetAll(): void {
    this.#balances.clear();
    this.#holds.clear();
    this.#open.clear();
  }
}
