import assert from "node:assert/strict";
import type { PublicApi } from "../demo/public-api.ts";
import { TestVenue, until } from "./test-venue.ts";

/** A venue of its own for tests of orders: accounts with funds, and short words for what they do. */
export const venue: TestVenue = new TestVenue();
const keys = new Map<string, string>();
const FUNDS = { USD: "10000000", AAPL: "100000", BTC: "10" };
export const ACCOUNTS = ["alice", "bob", "twin", "maker", "taker"] as const;
export type AccountId = (typeof ACCOUNTS)[number];

export async function open(): Promise<void> {
  await venue.start();
  await venue.list(["AAPL", "BTC-USD"]);
  for (const account of ACCOUNTS) keys.set(account, await venue.account(account, FUNDS));
  // A view of the new instrument may be a moment behind.
  await venue.place(keys.get("maker") ?? "", { side: "SELL", price: "211", clientOrderId: "first" });
  await done("maker");
}

export interface Order {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly status: string;
  readonly quantity: string;
  readonly price?: string;
  readonly worstPrice: string;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
  readonly cancelledQuantity: string;
  readonly filledNotional: string;
  readonly fee: string;
  readonly reason?: string;
  readonly triggered?: boolean;
}

export const as = (account: AccountId): PublicApi => venue.as(keys.get(account) ?? "");
let number = 0;

export async function place(account: AccountId, terms: Readonly<Record<string, unknown>>): Promise<Order> {
  const body = { symbol: "AAPL", orderType: "LIMIT", clientOrderId: `o-${++number}`, ...terms };
  return await as(account).call<Order>("POST", "/api/v1/orders", { body });
}

/** The order once the engine has answered it. */
export async function placed(account: AccountId, terms: Readonly<Record<string, unknown>>): Promise<Order> {
  return await becomes(await place(account, terms), ({ status }) => status !== "PENDING");
}

export async function becomes(order: Order, enough: (order: Order) => boolean): Promise<Order> {
  return await until(() => venue.operator.call<Order>("GET", `/api/v1/orders/${order.orderId}`), enough);
}

export async function becomesStatus(order: Order, status: string): Promise<Order> {
  return await becomes(order, (each) => each.status === status);
}

export const sell = (quantity: string, price: string, more: object = {}): Promise<Order> =>
  placed("maker", { side: "SELL", quantity, price, ...more });
export const buy = (quantity: string, price: string, more: object = {}): Promise<Order> =>
  placed("maker", { side: "BUY", quantity, price, ...more });

/** Makes the last price: one lot trades there. */
export async function print(price: string): Promise<void> {
  await sell("1", price);
  const taken = await placed("taker", { side: "BUY", quantity: "1", price, timeInForce: "IOC" });
  assert.equal((await becomes(taken, ({ status }) => status !== "OPEN")).status, "FILLED");
}

/** Nothing of the account is open, and nothing is held for it. */
export async function done(account: AccountId): Promise<void> {
  await as(account).call("DELETE", "/api/v1/orders");
  await until(
    () =>
      as(account).call<{ orders: unknown[] }>(
        "GET",
        "/api/v1/orders?status=PENDING&status=OPEN&status=PARTIALLY_FILLED",
      ),
    ({ orders }) => orders.length === 0,
  );
  await until(
    () => held(account),
    (amounts) => amounts.every((amount) => amount === "0"),
  );
}

export async function held(account: AccountId): Promise<readonly string[]> {
  const { balances } = await as(account).call<{ balances: { held: string }[] }>(
    "GET",
    `/api/v1/accounts/${account}`,
  );
  return balances.map((balance) => balance.held);
}

export async function heldOf(account: AccountId, asset: string): Promise<string | undefined> {
  const path = `/api/v1/accounts/${account}`;
  const { balances } = await as(account).call<{ balances: { asset: string; held: string }[] }>("GET", path);
  return balances.find((balance) => balance.asset === asset)?.held;
}

export async function clean(): Promise<void> {
  await Promise.all(ACCOUNTS.map(done));
}

/** What is shown of a side: price and quantity, best first. */
export async function shown(side: "bids" | "asks"): Promise<readonly string[]> {
  type Rows = readonly (readonly [price: string, quantity: string])[];
  const book = await as("alice").call<Record<"bids" | "asks", Rows>>("GET", "/api/v1/markets/AAPL/book");
  return book[side].map(([price, quantity]) => `${price} ${quantity}`);
}
