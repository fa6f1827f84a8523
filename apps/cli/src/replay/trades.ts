import type { GatewayClient } from "../client.ts";
import type { ReplayedTrade } from "./compare.ts";

/** A trade of `GET /api/v1/trades`, as far as a replay looks at it. */
interface TradeView {
  readonly tradeId: string;
  readonly price: string;
  readonly quantity: string;
  readonly makerOrderId: string;
  readonly takerOrderId: string;
  readonly buyer: { readonly orderId: string; readonly accountId: string; readonly fee: string };
  readonly seller: { readonly orderId: string; readonly accountId: string; readonly fee: string };
}

const PAGE = 5_000;

/** All trades of a symbol, in the engine's order. */
export async function* tradesOf(client: GatewayClient, symbol: string): AsyncGenerator<TradeView> {
  let after = 0;
  for (;;) {
    const page = await client.get<{ trades: readonly TradeView[]; nextAfter?: number }>("/api/v1/trades", {
      symbol,
      after,
      limit: PAGE,
    });
    yield* page.trades;
    if (page.nextAfter === undefined) return;
    after = page.nextAfter;
  }
}

/** The trade by client order ids; undefined where an order of it is not of the run. */
export function inRun(
  trade: TradeView,
  clientOrderIds: ReadonlyMap<string, string>,
): ReplayedTrade | undefined {
  const makerClientOrderId = clientOrderIds.get(trade.makerOrderId);
  const takerClientOrderId = clientOrderIds.get(trade.takerOrderId);
  if (makerClientOrderId === undefined || takerClientOrderId === undefined) return undefined;
  return { makerClientOrderId, takerClientOrderId, price: trade.price, quantity: trade.quantity };
}

/** A line that says everything of a trade but its time: equal runs have equal lines. */
export function tradeLine({ tradeId, price, quantity, buyer, seller }: TradeView): string {
  return [
    tradeId,
    price,
    quantity,
    ...[buyer, seller].flatMap(({ orderId, accountId, fee }) => [orderId, accountId, fee]),
  ].join(",");
}
