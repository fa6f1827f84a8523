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

/** What an execution report says of an order. */
export interface Report {
  readonly orderId: string;
  readonly requestId: string;
  /** The report answers the command of `requestId`. */
  readonly outcome: boolean;
  /** NEW: it says what the hold was made from, so nothing moves, and no balance is locked for it. */
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
 * Facts are applied in the order in which they came; each hold and balance is written once, net.
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

  /** A trade is a fact: it is settled whatever the holds have. What an account lacks is posted to suspense. */
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
    for (const party of [buyer, seller]) {
      const hold = this.#holds.get(party.orderId);
      if (hold === undefined) continue;
      learn(hold, party.facts);
      settle(hold, { lots: trade.quantityLots, notionalUnits, feeUnits: party.feeUnits });
      this.#follow(hold, instrument, `follow/${tradeId}/${party.orderId}`);
    }
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
    this.#follow(hold, report.instrument, `follow/${report.facts.engineSequence}/${report.orderId}`);
  }

  /** An amend was refused: what was raised for it is free again. */
  amendRefused(orderId: string, requestId: string, instrument: CompiledInstrument): void {
    const hold = this.#holds.get(orderId);
    if (hold === undefined || hold.pending?.requestId !== requestId) return;
    resolveRaise(hold, requestId);
    this.#follow(hold, instrument, `refused/${requestId}`);
  }

  #follow(hold: OrderHold, instrument: CompiledInstrument, cause: string): void {
    this.#touched.add(hold);
    if (this.#ledger.hold(hold.orderId)?.status !== "OPEN") return;
    this.#ledger.resizeHold(hold.orderId, requiredUnits(hold, instrument), cause);
  }

  /** Holds whose facts changed, by order id (R13). */
  touched(): readonly OrderHold[] {
    return [...this.#touched].sort((left, right) => (left.orderId < right.orderId ? -1 : 1));
  }

  settled(): readonly SettledTrade[] {
    return this.#settled;
  }
}
