import { orderIdOf } from "../order-id.ts";
import type { PlaceBody } from "./bodies.ts";

const bitcoin = { accountId: "alice", symbol: "BTC-USD", side: "BUY" } as const;
const apple = { accountId: "bob", symbol: "AAPL", side: "SELL" } as const;

/** One of each type, and of what orders can have besides; the API's documents show them. */
export const PLACE_EXAMPLES: readonly PlaceBody[] = [
  {
    ...bitcoin,
    orderType: "LIMIT",
    timeInForce: "GTC",
    quantity: "0.5",
    price: "60000",
    clientOrderId: "alice-1",
  },
  { ...apple, orderType: "MARKET", timeInForce: "IOC", quantity: "10", clientOrderId: "m-7" },
  { ...apple, orderType: "STOP_LOSS", quantity: "10", stopPrice: "200", clientOrderId: "stop-loss" },
  {
    ...apple,
    orderType: "STOP_LIMIT",
    quantity: "10",
    stopPrice: "200",
    price: "199",
    triggerBy: "BEST",
    clientOrderId: "stop-limit",
  },
  { ...apple, orderType: "TRAILING_STOP", quantity: "10", trailingOffset: "2.5%", clientOrderId: "trailing" },
  {
    ...bitcoin,
    orderType: "ICEBERG",
    quantity: "5",
    price: "60000",
    displayQuantity: "0.5",
    clientOrderId: "iceberg",
  },
  { ...bitcoin, orderType: "PEGGED", quantity: "1", pegTo: "MID", price: "64000", clientOrderId: "pegged" },
  {
    ...bitcoin,
    orderType: "LIMIT",
    quantity: "1",
    price: "60000",
    postOnly: true,
    slide: true,
    selfTradePrevention: "DECREMENT",
    sessionId: "desk-1",
    clientOrderId: "quote",
  },
  { ...apple, orderType: "LIMIT", quantity: "10", price: "220", reduceOnly: true, clientOrderId: "profit" },
  {
    ...apple,
    orderType: "STOP_LOSS",
    quantity: "10",
    stopPrice: "195",
    groupId: "profit",
    clientOrderId: "loss",
  },
  {
    ...bitcoin,
    orderType: "LIMIT",
    quantity: "1",
    price: "60000",
    awaits: 1,
    clientOrderId: "entry",
  },
  {
    ...bitcoin,
    side: "SELL",
    orderType: "STOP_LIMIT",
    quantity: "1",
    stopPrice: "65000",
    price: "64900",
    ifTouched: true,
    parentId: "entry",
    clientOrderId: "exit",
  },
  {
    ...bitcoin,
    orderType: "LIMIT",
    quantity: "0.4",
    price: "60100",
    minQuantity: "0.1",
    replaces: orderIdOf("alice", "alice-1"),
    clientOrderId: "alice-2",
  },
];
