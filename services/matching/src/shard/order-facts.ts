import type { EventOf, TradeExecuted } from "@bourse/contracts";
import type { Liquidity } from "@bourse/market";
import { isDone, type OrderRecord, tradedTickLots } from "./order-records.ts";

/** The fields of an order that trades and reports share, in the form that they have there. */
export interface OrderFacts {
  readonly boundPrice: string;
  readonly leavesQuantity: string;
  readonly cumulativeQuantity: string;
  readonly cumulativeNotional: string;
  readonly cumulativeFee: string;
  readonly done: boolean;
}

/** One side of a trade, after it. */
export interface TradeSide {
  readonly order: OrderRecord;
  readonly feeUnits: bigint;
  readonly facts: OrderFacts;
}

export function factsOf(order: OrderRecord): OrderFacts {
  const { instrument, prices, quantities } = order.symbol;
  const tickLots = tradedTickLots(order);
  return {
    boundPrice: prices.text(order.boundTicks),
    leavesQuantity: quantities.text(order.leavesLots),
    cumulativeQuantity: quantities.text(order.filledLots),
    cumulativeNotional: tickLots === 0 ? "0" : instrument.formatNotional(tickLots),
    cumulativeFee: order.feeUnits === 0n ? "0" : instrument.formatQuoteUnits(order.feeUnits),
    done: isDone(order),
  };
}

export function sideOf(
  { order, feeUnits, facts }: TradeSide,
  liquidity: Liquidity,
): EventOf<typeof TradeExecuted>["buyer"] {
  return {
    orderId: order.orderId,
    accountId: order.accountId,
    liquidity,
    fee: feeUnits === 0n ? "0" : order.symbol.instrument.formatQuoteUnits(feeUnits),
    boundPrice: facts.boundPrice,
    leavesQuantity: facts.leavesQuantity,
    cumulativeQuantity: facts.cumulativeQuantity,
    cumulativeNotional: facts.cumulativeNotional,
    cumulativeFee: facts.cumulativeFee,
    done: facts.done,
  };
}
