import { assert } from "@bourse/base";
import { type HoldRequest, referenceEvents } from "@bourse/contracts";
import {
  type TestAnswer,
  type TestEnd,
  type TestEvent,
  type TestedService,
  testService,
} from "@bourse/host/testing";
import { wallet } from "./service.ts";
import type { Wallet } from "./wallet.ts";

/** The wallet with two funded accounts, and what order and the engine would say to it. */

export const OPERATOR = { keyId: "op", role: "operator" } as const;
/** Alice's order and Bob's. */
export const BUY = "b".repeat(32);
export const SELL = "5".repeat(32);

const INSTRUMENT = {
  symbol: "AAPL",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  tickSize: "0.01",
  lotSize: "1",
  minQuantity: "1",
  maxQuantity: "10000",
  maxPrice: "10000",
  makerFeePpm: 100,
  takerFeePpm: 300,
  collarPpm: 100_000,
  referencePrice: "100",
  calendar: "24x7",
  status: "TRADING",
};

/** Alice has dollars, Bob has shares, and both have an order on hold: 10 AAPL at 100. */
export async function funded(t: TestEnd): Promise<TestedService<Wallet>> {
  const tested = await testService<Wallet>(t, wallet);
  await tested.publish(referenceEvents, [
    {
      key: "USD",
      event: { eventType: "AssetListed", asset: "USD", name: "US dollar", kind: "FIAT", scale: 6 },
    },
    {
      key: "AAPL",
      event: { eventType: "AssetListed", asset: "AAPL", name: "Apple", kind: "EQUITY", scale: 0 },
    },
    { key: "AAPL", event: { eventType: "InstrumentListed", ...INSTRUMENT } },
  ]);
  await tested.quiet();
  for (const [accountId, asset, amount] of [
    ["alice", "USD", "2000"],
    ["bob", "AAPL", "15"],
  ] as const) {
    await tested.request("POST", "/api/v1/accounts", { as: OPERATOR, body: { accountId } });
    const { status } = await deposit(tested, accountId, { asset, amount }, "d1");
    assert(status === 201, "the deposit is accepted");
  }
  const { body } = await hold(tested, [holdOf(BUY, "alice", "BUY"), holdOf(SELL, "bob", "SELL")]);
  assert(
    body.holds.every((each: { status: string }) => each.status === "held"),
    "both orders are funded",
  );
  return tested;
}

export function deposit(
  tested: TestedService<Wallet>,
  accountId: string,
  body: object,
  key: string,
): Promise<TestAnswer> {
  const path = `/api/v1/accounts/${accountId}/deposits`;
  return tested.request("POST", path, { as: OPERATOR, body, headers: { "idempotency-key": key } });
}

export function hold(
  tested: TestedService<Wallet>,
  holds: object[],
  raises: object[] = [],
): Promise<TestAnswer> {
  return tested.request("POST", "/internal/holds", { as: "internal", body: { holds, raises } });
}

export function holdOf(
  orderId: string,
  accountId: string,
  side: "BUY" | "SELL",
  quantity = "10",
): HoldRequest {
  return {
    orderId,
    accountId,
    symbol: "AAPL",
    side,
    quantity,
    worstPrice: "100",
    makerFeePpm: 100,
    takerFeePpm: 300,
  };
}

export async function balance(
  tested: TestedService<Wallet>,
  accountId: string,
): Promise<Record<string, [string, string]>> {
  const { body } = await tested.request("GET", `/api/v1/accounts/${accountId}`, { as: OPERATOR });
  return Object.fromEntries(
    body.balances.map((each: Record<string, string>) => [each.asset, [each.available, each.held]]),
  );
}

export function executed(number: number, quantity: string, cumulative: string, done: boolean): TestEvent {
  const [lots, total] = [Number(quantity), Number(cumulative)];
  const side = (orderId: string, accountId: string, ppm: number) => ({
    orderId,
    accountId,
    liquidity: ppm === 100 ? "MAKER" : "TAKER",
    fee: String((lots * 90 * ppm) / 1_000_000),
    boundPrice: "100",
    leavesQuantity: String(10 - total),
    cumulativeQuantity: cumulative,
    cumulativeNotional: String(total * 90),
    cumulativeFee: String((total * 90 * ppm) / 1_000_000),
    done,
  });
  return {
    key: "AAPL",
    event: {
      eventType: "TradeExecuted",
      tradeId: `AAPL-${number}`,
      engineSequence: number * 2,
      commandSequence: number,
      symbol: "AAPL",
      baseAsset: "AAPL",
      quoteAsset: "USD",
      price: "90",
      quantity,
      notional: String(lots * 90),
      aggressorSide: "BUY",
      buyer: side(BUY, "alice", 300),
      seller: side(SELL, "bob", 100),
    },
  };
}
