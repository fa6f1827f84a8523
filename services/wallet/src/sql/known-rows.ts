import type { Balance } from "@bourse/ledger";
import { LRUCache } from "lru-cache";
import type { OrderHold } from "../domain/hold.ts";
import { type BalanceKey, nameOf } from "./balance-rows.ts";

/** A row as it was read or written last. Version 0: there is no row yet. */
export interface KnownBalance {
  readonly balance: Balance;
  readonly version: number;
}

export interface KnownHold {
  readonly hold: OrderHold;
  readonly heldUnits: bigint;
  readonly version: number;
}

/** A few hundred bytes each. */
const MAX_BALANCES = 50_000;
const MAX_HOLDS = 30_000;
const MAX_ACCOUNTS = 50_000;

/**
 * The rows that this instance used last. Any of them may be out of date, since other instances write too: a write names
 * the version that it was decided from, and fails as a whole where that is no longer the row's.
 */
export class KnownRows {
  readonly #balances = new LRUCache<string, KnownBalance>({ max: MAX_BALANCES });
  readonly #holds = new LRUCache<string, KnownHold>({ max: MAX_HOLDS });
  readonly #open = new LRUCache<string, true>({ max: MAX_ACCOUNTS });

  balance(at: BalanceKey): KnownBalance | undefined {
    return this.#balances.get(nameOf(at));
  }

  hold(orderId: string): KnownHold | undefined {
    return this.#holds.get(orderId);
  }

  /** Whether the account was open when it was looked at last. */
  isOpen(accountId: string): boolean {
    return this.#open.has(accountId);
  }

  keepBalance(known: KnownBalance): void {
    this.#balances.set(nameOf(known.balance), known);
  }

  /** A hold that is over is forgotten: hardly anything comes for it any more. */
  keepHold(known: KnownHold): void {
    const { hold, heldUnits } = known;
    if (hold.done && heldUnits === 0n) this.#holds.delete(hold.orderId);
    else this.#holds.set(hold.orderId, known);
  }

  keepOpen(accountId: string): void {
    this.#open.set(accountId, true);
  }

  forgetAccount(accountId: string): void {
    this.#open.delete(accountId);
  }

  forgetBalance(at: BalanceKey): void {
    this.#balances.delete(nameOf(at));
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
