import { assert } from "@bourse/base";
import {
  type Balance,
  BatchBalances,
  type InsufficientFunds,
  type NetRow,
  type PostOutcome,
} from "./balances.ts";
import {
  closedHold,
  decideOpen,
  type Hold,
  type HoldRequest,
  type OpenHold,
  openedHold,
  withHeld,
} from "./hold.ts";
import type { Journal } from "./journal.ts";
import { hold, release, settleTrade, shortfall, type TradeToSettle, tradeJournalId } from "./movements.ts";

/**
 * One transaction's decisions over the balances and the holds that it has locked and read: requests in their order,
 * each seeing what the ones before it left (R13). It opens with the rows read; it ends with one net row per balance
 * and one per hold, and the journals that lead from the first to the last.
 */
export class LedgerBatch {
  readonly #balances: BatchBalances;
  readonly #holds = new Map<string, Hold>();
  readonly #changedHolds = new Set<string>();
  readonly #partition: number;

  constructor(read: LedgerRead) {
    this.#balances = new BatchBalances(read.balances, read.postedIds);
    this.#partition = read.partition;
    for (const each of read.holds) this.#holds.set(each.holdId, each);
  }

  /** Sets an amount aside. The same request again is held again; a closed hold stays closed. */
  openHold(request: HoldRequest): OpenOutcome {
    const decision = decideOpen(this.#holds.get(request.holdId), request);
    if (decision === "hold_closed" || decision === "hold_differs") return { kind: decision };
    if (decision === "already_open") return { kind: "held" };
    const posted = this.#balances.post(hold({ ...request, journalId: `hold/${request.holdId}` }));
    if (posted.kind === "insufficient_funds") return posted;
    assert(posted.kind === "posted", "a hold that does not exist has no journal");
    this.#setHold(openedHold(request));
    return { kind: "held" };
  }

  /**
   * Sets what an open hold holds, up or down; `journalId` names the cause. Only a raise can be refused.
   * A journal that was posted before changes nothing.
   */
  resizeHold(holdId: string, heldUnits: bigint, journalId: string): ResizeOutcome {
    const open = this.#openHold(holdId);
    const changeUnits = heldUnits - open.heldUnits;
    if (changeUnits === 0n) return { kind: "held" };
    const { accountId, asset } = open;
    const movement = {
      journalId,
      accountId,
      asset,
      amountUnits: changeUnits < 0n ? -changeUnits : changeUnits,
    };
    const posted = this.#balances.post(changeUnits > 0n ? hold(movement) : release(movement));
    if (posted.kind === "insufficient_funds") {
      assert(changeUnits > 0n, "what an account has held is at least the sum of its holds");
      return posted;
    }
    if (posted.kind === "posted") this.#setHold(withHeld(open, heldUnits));
    return { kind: "held" };
  }

  /** Releases what a hold still has and leaves a tombstone, also where there was no hold (R10). */
  closeHold(holdId: string): void {
    const existing = this.#holds.get(holdId);
    if (existing?.status === "CLOSED") return;
    if (existing !== undefined) this.resizeHold(holdId, 0n, `close/${holdId}`);
    this.#setHold(closedHold(holdId, existing));
  }

  /**
   * Settles a trade, whatever the holds have: what they lack is taken from available as far as that goes, and posted
   * to suspense from there on. Returns what was posted to suspense: empty but for a broken promise somewhere (R11).
   */
  settle(trade: TradeToSettle, holdIds: { readonly buyer: string; readonly seller: string }): SettleOutcome {
    if (this.#balances.wasPosted(tradeJournalId(trade.tradeId))) return { kind: "duplicate" };
    const { tradeId, buyerAccountId, sellerAccountId, baseAsset, quoteAsset } = trade;
    const payUnits = trade.notionalUnits + trade.buyerFeeUnits;
    const shortfalls = [
      this.#draw({
        tradeId,
        holdId: holdIds.buyer,
        accountId: buyerAccountId,
        asset: quoteAsset,
        units: payUnits,
      }),
      this.#draw({
        tradeId,
        holdId: holdIds.seller,
        accountId: sellerAccountId,
        asset: baseAsset,
        units: trade.quantityUnits,
      }),
    ].filter((each) => each !== null);
    this.#mustPost(settleTrade(trade));
    return { kind: "settled", shortfalls };
  }

  /** Posts a journal that concerns no hold: a deposit, a withdrawal. */
  post(journal: Journal): PostOutcome {
    return this.#balances.post(journal);
  }

  hold(holdId: string): Hold | undefined {
    return this.#holds.get(holdId);
  }

  balance(accountId: string, asset: string): Balance {
    return this.#balances.balance(accountId, asset);
  }

  netRows(): readonly NetRow[] {
    return this.#balances.netRows();
  }

  /** The holds that were opened, changed or closed, as they are now, in the order of their locks: by id. */
  changedHolds(): readonly Hold[] {
    const ids = [...this.#changedHolds].sort();
    return ids.map((id) => this.#holds.get(id)).filter((each) => each !== undefined);
  }

  posted(): readonly Journal[] {
    return this.#balances.posted();
  }

  /** Takes what a settlement needs out of a hold, after filling it up to that. Null where nothing was lacking. */
  #draw(need: Draw): Shortfall | null {
    const { tradeId, holdId, accountId, asset, units } = need;
    const existing = this.#holds.get(holdId);
    const open = existing?.status === "OPEN" ? existing : null;
    assert(
      open === null || (open.accountId === accountId && open.asset === asset),
      "a trade draws on its own order's hold",
    );
    const heldUnits = open?.heldUnits ?? 0n;
    const lackingUnits = units > heldUnits ? units - heldUnits : 0n;
    if (open !== null) this.#setHold(withHeld(open, heldUnits + lackingUnits - units));
    if (lackingUnits === 0n) return null;
    const { availableUnits } = this.#balances.balance(accountId, asset);
    const ownUnits = availableUnits < lackingUnits ? availableUnits : lackingUnits;
    const name = `${tradeJournalId(tradeId)}/${holdId}`;
    if (ownUnits > 0n)
      this.#mustPost(hold({ journalId: `${name}/own`, accountId, asset, amountUnits: ownUnits }));
    const amountUnits = lackingUnits - ownUnits;
    if (amountUnits === 0n) return null;
    const partition = this.#partition;
    this.#mustPost(shortfall({ journalId: `${name}/short`, accountId, asset, amountUnits, partition }));
    return { accountId, asset, amountUnits };
  }

  #mustPost(journal: Journal): void {
    assert(
      this.#balances.post(journal).kind === "posted",
      `journal ${journal.journalId} of a settlement is posted`,
    );
  }

  #openHold(holdId: string): OpenHold {
    const existing = this.#holds.get(holdId);
    assert(existing?.status === "OPEN", `hold ${holdId} is open`);
    return existing;
  }

  #setHold(changed: Hold): void {
    this.#holds.set(changed.holdId, changed);
    this.#changedHolds.add(changed.holdId);
  }
}

/** What a transaction has locked and read. Every balance and hold that the batch touches is in it, where it exists. */
export interface LedgerRead {
  readonly balances: Iterable<Balance>;
  readonly holds: Iterable<Hold>;
  readonly postedIds?: Iterable<string>;
  /** Whose suspense account takes shortfalls (R13). */
  readonly partition: number;
}

export type OpenOutcome =
  | { readonly kind: "held" }
  | { readonly kind: "hold_closed" }
  | { readonly kind: "hold_differs" }
  | InsufficientFunds;

export type ResizeOutcome = { readonly kind: "held" } | InsufficientFunds;

export interface Shortfall {
  readonly accountId: string;
  readonly asset: string;
  readonly amountUnits: bigint;
}

export type SettleOutcome =
  | { readonly kind: "settled"; readonly shortfalls: readonly Shortfall[] }
  | { readonly kind: "duplicate" };

interface Draw {
  readonly tradeId: string;
  readonly holdId: string;
  readonly accountId: string;
  readonly asset: string;
  readonly units: bigint;
}
