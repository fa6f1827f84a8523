import type { LedgerBatch, Shortfall } from "@bourse/ledger";
import type { CompiledInstrument } from "@bourse/market";
import { learn, type OrderFacts, type OrderHold, requiredUnits, resolveRaise, settle } from "./hold.ts";

/** A trade in integers. */
export interface Trade {
  readonly tradeId: string;
  readonly partition: number;
  readonly instrument: CompiledInstrument;
  readonly quantityLots: number;
  readonly quantityUnits: bigint;
  readonly notionalUnits: bigint;
  readonly buyer: TradeParty;
  readonly seller: TradeParty;
}

export interface TradeParty {
  readonly orderId: string;
  readonly accountId: string;
  readonly feeUnits: bigint;
  readonly facts: OrderFacts;
}

/** What an execution report says about an order. */
export interface Report {
  readonly orderId: string;
  readonly requestId: string;
  /** The report answers the command of `requestId`. */
  readonly outcome: boolean;
  /** NEW: it repeats what the hold was made from, so nothing changes, and no balance is locked for it. */
  readonly isNew: boolean;
  readonly instrument: CompiledInstrument;
  readonly facts: OrderFacts;
}

export interface SettledTrade {
  readonly trade: Trade;
  readonly shortfalls: readonly Shortfall[];
}

/**
 * One batch of the engine's facts over the holds and balances that are locked: trades settle, holds follow (R11).
 * Facts are applied in the order of their arrival; each hold and balance is written once, net.
 */
export class Settlement {
  readonly #ledger: LedgerBatch;
  readonly #holds: ReadonlyMap<string, OrderHold>;
  readonly #touched = new Set<OrderHold>();
  readonly #settled: SettledTrade[] = [];

  constructor(ledger: LedgerBatch, holds: ReadonlyMap<string, OrderHold>) {
    this.#ledger = ledger;
    this.#holds = holds;
  }

  /** A trade is a fact: it is settled whatever the holds contain. A shortfall is posted to suspense. */
  trade(trade: Trade): void {
    const { tradeId, partition, instrument, quantityUnits, notionalUnits, buyer, seller } = trade;
    const outcome = this.#ledger.settle(
      {
        tradeId,
        buyerAccountId: buyer.accountId,
        sellerAccountId: seller.accountId,
        baseAsset: instrument.baseAsset,
        quoteAsset: instrument.quoteAsset,
        quantityUnits,
        notionalUnits,
        buyerFeeUnits: buyer.feeUnits,
        sellerFeeUnits: seller.feeUnits,
        partition,
      },
      { buyer: buyer.orderId, seller: seller.orderId },
    );
    if (outcome.kind === "duplicate") return;
    this.#settled.push({ trade, shortfalls: outcome.shortfalls });
    this.#fill(trade, buyer);
    this.#fill(trade, seller);
  }

  #fill({ tradeId, instrument, quantityLots, notionalUnits }: Trade, party: TradeParty): void {
    const hold = this.#holds.get(party.orderId);
    if (hold === undefined) return;
    learn(hold, party.facts);
    settle(hold, { lots: quantityLots, notionalUnits, feeUnits: party.feeUnits });
    this.#follow(hold, instrument, tradeId);
  }

  report(report: Report): void {
    const hold = this.#holds.get(report.orderId);
    if (hold === undefined) return;
    learn(hold, report.facts);
    if (report.isNew) {
      this.#touched.add(hold);
      return;
    }
    if (report.outcome) resolveRaise(hold, report.requestId);
    this.#follow(hold, report.instrument, report.facts.engineSequence);
  }

  /** An amendment was refused: its raise is released. */
  amendRefused(orderId: string, requestId: string, instrument: CompiledInstrument): void {
    const hold = this.#holds.get(orderId);
    if (hold === undefined || hold.pending?.requestId !== requestId) return;
    resolveRaise(hold, requestId);
    this.#resize(hold, instrument, () => `refused/${requestId}`);
  }

  /** The hold that a trade or a report, the cause, is about. */
  #follow(hold: OrderHold, instrument: CompiledInstrument, cause: string | number): void {
    this.#resize(hold, instrument, () => `follow/${cause}/${hold.orderId}`);
  }

  /** Most facts leave the amount of a hold unchanged: a cause is recorded only if it changes. */
  #resize(hold: OrderHold, instrument: CompiledInstrument, cause: () => string): void {
    this.#touched.add(hold);
    const open = this.#ledger.hold(hold.orderId);
    if (open?.status !== "OPEN") return;
    const units = requiredUnits(hold, instrument);
    if (units !== open.heldUnits) this.#ledger.resizeHold(hold.orderId, units, cause());
  }

  /** Holds whose facts changed. */
  touched(): Iterable<OrderHold> {
    return this.#touched;
  }

  settled(): readonly SettledTrade[] {
    return this.#settled;
  }
}
