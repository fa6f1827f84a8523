import { assert } from "@bourse/base";
import { venueAccount } from "./account.ts";
import {
  type Balance,
  BatchBalances,
  type InsufficientFunds,
  lacking,
  type NetRow,
  netRow,
  type PostOutcome,
  type WorkingBalance,
} from "./balances.ts";
import { type Entry, journalOf, type TransferEntry } from "./entry.ts";
import {
  closedHold,
  decideOpen,
  type Hold,
  type HoldRequest,
  type OpenHold,
  openedHold,
  withHeld,
} from "./hold.ts";
import { balanceChange, type Journal } from "./journal.ts";
import { assertSettles, type TradeToSettle, tradeJournalId } from "./movements.ts";

/**
 * One transaction's decisions over the balances and the holds that it has locked and read: requests in their order,
 * each seeing what the ones before it left (R13). It opens with the rows read; it ends with one net row per balance
 * and one per hold, and the entries of the journal that lead from the first to the last.
 */
export class LedgerBatch<Read extends Balance = Balance> {
  readonly #balances: BatchBalances<Read>;
  readonly #holds = new Map<string, Hold>();
  readonly #changedHolds = new Set<string>();
  readonly #journalIds: Set<string>;
  readonly #entries: Entry[] = [];
  readonly #partition: number;

  constructor(read: LedgerRead<Read>) {
    const { balances } = read;
    this.#balances = balances instanceof BatchBalances ? balances : new BatchBalances(balances);
    this.#journalIds = new Set(read.postedIds);
    this.#partition = read.partition;
    for (const each of read.holds) this.#holds.set(each.holdId, each);
  }

  /** Sets an amount aside. The same request again is held again; a closed hold stays closed. */
  openHold(request: HoldRequest): OpenOutcome {
    const { holdId, accountId, asset, amountUnits } = request;
    const decision = decideOpen(this.#holds.get(holdId), request);
    if (decision === "hold_closed" || decision === "hold_differs") return { kind: decision };
    if (decision === "already_open") return HELD;
    const journalId = `hold/${holdId}`;
    assert(!this.#journalIds.has(journalId), "a hold that does not exist has no journal");
    const refusal = this.#hold(journalId, this.#balances.at(accountId, asset), amountUnits);
    if (refusal !== null) return refusal;
    this.#setHold(openedHold(request));
    return HELD;
  }

  /**
   * Sets what an open hold holds, up or down; `journalId` names the cause. Only a raise can be refused.
   * A journal that was posted before changes nothing.
   */
  resizeHold(holdId: string, heldUnits: bigint, journalId: string): ResizeOutcome {
    const open = this.#openHold(holdId);
    const changeUnits = heldUnits - open.heldUnits;
    if (changeUnits === 0n || this.#journalIds.has(journalId)) return HELD;
    const balance = this.#balances.at(open.accountId, open.asset);
    if (changeUnits < 0n) this.#release(journalId, balance, -changeUnits);
    else {
      const refusal = this.#hold(journalId, balance, changeUnits);
      if (refusal !== null) return refusal;
    }
    this.#setHold(withHeld(open, heldUnits));
    return HELD;
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
    const { tradeId, buyerAccountId, sellerAccountId, baseAsset, quoteAsset, notionalUnits, quantityUnits } =
      trade;
    const journalId = tradeJournalId(tradeId);
    if (this.#journalIds.has(journalId)) return { kind: "duplicate" };
    assertSettles(trade);
    const payUnits = notionalUnits + trade.buyerFeeUnits;
    const buyerPays = this.#balances.at(buyerAccountId, quoteAsset);
    const buyerLacks = this.#draw(journalId, holdIds.buyer, buyerPays, payUnits);
    const sellerDelivers = this.#balances.at(sellerAccountId, baseAsset);
    const sellerLacks = this.#draw(journalId, holdIds.seller, sellerDelivers, quantityUnits);
    assert(
      buyerPays.heldUnits >= payUnits && sellerDelivers.heldUnits >= quantityUnits,
      "what an account has held is at least the sum of its holds",
    );
    buyerPays.heldUnits -= payUnits;
    sellerDelivers.heldUnits -= quantityUnits;
    this.#balances.at(buyerAccountId, baseAsset).availableUnits += quantityUnits;
    this.#balances.at(sellerAccountId, quoteAsset).availableUnits += notionalUnits - trade.sellerFeeUnits;
    this.#enter({ kind: "TRADE", journalId, trade });
    return { kind: "settled", shortfalls: shortfallsOf(buyerLacks, sellerLacks) };
  }

  /** Posts a journal that concerns no hold: a deposit or a withdrawal, on the external account of the batch's partition. */
  post(journal: Journal): PostOutcome {
    const { journalId, kind, postings } = journal;
    if (this.#journalIds.has(journalId)) return { kind: "duplicate" };
    const customer = postings.find(({ account }) => account.kind === "CUSTOMER_AVAILABLE");
    const venue = postings.find(({ account }) => account.kind === "EXTERNAL");
    assert(
      (kind === "DEPOSIT" || kind === "WITHDRAWAL") && customer !== undefined && venue !== undefined,
      "cash moves between a customer and what lies outside",
    );
    const { owner, asset } = customer.account;
    assert(
      venue.account.owner === venueAccount("EXTERNAL", this.#partition, asset).owner,
      "cash stands on the external account of the batch's partition",
    );
    const balance = this.#balances.at(owner, asset);
    const changeUnits = balanceChange(customer);
    const refusal = lacking(balance, changeUnits, 0n);
    if (refusal !== null) return refusal;
    balance.availableUnits += changeUnits;
    this.#enter({ kind, journalId, balance, amountUnits: customer.amountUnits });
    return { kind: "posted" };
  }

  hold(holdId: string): Hold | undefined {
    return this.#holds.get(holdId);
  }

  /** What is set aside under this id: nothing where there is no hold, or a closed one. */
  heldUnits(holdId: string): bigint {
    const existing = this.#holds.get(holdId);
    return existing?.status === "OPEN" ? existing.heldUnits : 0n;
  }

  balance(accountId: string, asset: string): Balance {
    const { availableUnits, heldUnits } = this.#balances.at(accountId, asset);
    return { accountId, asset, availableUnits, heldUnits };
  }

  /** The balances that changed, beside what was read of them, in the order of their locks. */
  changedBalances(): readonly WorkingBalance<Read>[] {
    return this.#balances.changed();
  }

  netRows(): readonly NetRow[] {
    return this.#balances.changed().map(netRow);
  }

  /** The holds that were opened, changed or closed, as they are now, in the order of their locks: by id. */
  changedHolds(): readonly Hold[] {
    const ids = [...this.#changedHolds].sort();
    return ids.map((id) => this.#holds.get(id)).filter((each) => each !== undefined);
  }

  /** The ids of those holds, in the order of their first change. */
  changedHoldIds(): Iterable<string> {
    return this.#changedHolds;
  }

  /** What was posted, in order. */
  entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The journals of the entries, with all their legs. */
  posted(): readonly Journal[] {
    return this.#entries.map((entry) => journalOf(entry, this.#partition));
  }

  /** Takes what a settlement needs out of a hold, after filling it up to that. Null where nothing was lacking. */
  #draw(journalId: string, holdId: string, balance: WorkingBalance, units: bigint): Shortfall | null {
    const existing = this.#holds.get(holdId);
    const open = existing?.status === "OPEN" ? existing : null;
    assert(
      open === null || (open.accountId === balance.accountId && open.asset === balance.asset),
      "a trade draws on its own order's hold",
    );
    const heldUnits = open?.heldUnits ?? 0n;
    const lackingUnits = units > heldUnits ? units - heldUnits : 0n;
    if (open !== null) this.#setHold(withHeld(open, heldUnits + lackingUnits - units));
    return lackingUnits === 0n ? null : this.#lend(`${journalId}/${holdId}`, balance, lackingUnits);
  }

  /** What a hold lacks: out of available as far as that goes, and out of suspense from there on. */
  #lend(name: string, balance: WorkingBalance, lackingUnits: bigint): Shortfall | null {
    const ownUnits = balance.availableUnits < lackingUnits ? balance.availableUnits : lackingUnits;
    if (ownUnits > 0n)
      assert(this.#hold(`${name}/own`, balance, ownUnits) === null, "what is available can be held");
    const amountUnits = lackingUnits - ownUnits;
    if (amountUnits === 0n) return null;
    balance.heldUnits += amountUnits;
    this.#transfer("SHORTFALL", `${name}/short`, balance, amountUnits);
    return { accountId: balance.accountId, asset: balance.asset, amountUnits };
  }

  /** From available to held, where there is as much. */
  #hold(journalId: string, balance: WorkingBalance, units: bigint): InsufficientFunds | null {
    const refusal = lacking(balance, -units, units);
    if (refusal !== null) return refusal;
    balance.availableUnits -= units;
    balance.heldUnits += units;
    this.#transfer("HOLD", journalId, balance, units);
    return null;
  }

  /** From held back to available. */
  #release(journalId: string, balance: WorkingBalance, units: bigint): void {
    assert(balance.heldUnits >= units, "what an account has held is at least the sum of its holds");
    balance.heldUnits -= units;
    balance.availableUnits += units;
    this.#transfer("RELEASE", journalId, balance, units);
  }

  #transfer(
    kind: TransferEntry["kind"],
    journalId: string,
    balance: WorkingBalance,
    amountUnits: bigint,
  ): void {
    assert(amountUnits > 0n, "a posting is positive");
    this.#enter({ kind, journalId, balance, amountUnits });
  }

  #enter(entry: Entry): void {
    assert(!this.#journalIds.has(entry.journalId), "a journal is posted once");
    this.#journalIds.add(entry.journalId);
    this.#entries.push(entry);
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

const HELD: { readonly kind: "held" } = { kind: "held" };

function shortfallsOf(buyer: Shortfall | null, seller: Shortfall | null): readonly Shortfall[] {
  if (buyer === null && seller === null) return NONE;
  return [buyer, seller].filter((each) => each !== null);
}

const NONE: readonly Shortfall[] = [];

/** What a transaction has locked and read. Every balance and hold that the batch touches is in it, where it exists. */
export interface LedgerRead<Read extends Balance = Balance> {
  /** The batch works on what it is given as `BatchBalances`. */
  readonly balances: BatchBalances<Read> | Iterable<Read>;
  readonly holds: Iterable<Hold>;
  readonly postedIds?: Iterable<string>;
  /** Whose suspense and external accounts stand on the other side (R13). */
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
