import { ACCOUNTS } from "../day.ts";
import { FUNDS } from "../day-venue.ts";
import { add, parse, show } from "./amount.ts";
import { type EndedDay, engineOrders } from "./ended-day.ts";
import { type Fact, factsOf, sidesOf } from "./facts.ts";
import { nameOf } from "./order-faults.ts";

/** The back office's feeds against orders, trades and cash. */
export function copyFaults(day: EndedDay): readonly string[] {
  return [...orderCopies(day), ...tradeCopies(day), ...cashCopies(day)];
}

function orderCopies(day: EndedDay): readonly string[] {
  const last = new Map(factsOf(day.world.log, "orders").map((record) => [record.order_id, record]));
  const faults = engineOrders(day).flatMap((order) => {
    const told = last.get(order.orderId);
    last.delete(order.orderId);
    const qty = parse(order.quantity) - parse(order.cancelledQuantity);
    if (told === undefined) return [`${nameOf(order)} is not in the feed orders`];
    const wrong =
      parse(told.qty) !== qty || told.price !== order.worstPrice || told.client_id !== order.accountId;
    return wrong
      ? [
          `${nameOf(order)} is ${show(qty)} at ${order.worstPrice}, its feed says ${told.qty} at ${told.price}`,
        ]
      : [];
  });
  return [
    ...faults,
    ...[...last.keys()].map((orderId) => `the feed orders has ${orderId}, which is no order`),
  ];
}

function tradeCopies({ facts, world }: EndedDay): readonly string[] {
  const line = (...parts: readonly string[]): string => parts.join(" ");
  const wanted = facts.trades.flatMap((trade) =>
    sidesOf(trade).map(([, { orderId, accountId, cumulativeQuantity }]) =>
      line(accountId, orderId, trade.tradeId, trade.quantity, trade.price, cumulativeQuantity),
    ),
  );
  const told = factsOf(world.log, "trades").map((each) =>
    line(each.client_id, each.order_id, each.trade_id, each.qty, each.price, each.partial_filled_qty),
  );
  return wanted.sort().join("\n") === told.sort().join("\n")
    ? []
    : [`the feed trades is ${told.join("; ")}, the trades make ${wanted.join("; ")}`];
}

/** USD of the last day on which there was any; what the day opened with is what the days before came to. */
function cashCopies(day: EndedDay): readonly string[] {
  const records = factsOf(day.world.log, "cash_balance");
  const facts = [...factsOf(day.world.log, "wallet-events"), ...day.facts.trades];
  return ACCOUNTS.flatMap((accountId) => {
    const moves = facts.flatMap((fact) => movesOf(fact, accountId));
    const last =
      moves
        .map(({ date }) => date)
        .sort()
        .at(-1) ?? "";
    const sums = new Map<string, bigint>();
    for (const { date, way, amount } of moves) {
      if (date === last) add(sums, way, amount);
      else add(sums, "opening", way === "out" ? -amount : amount);
    }
    const told = records.findLast(({ client_id }) => client_id === accountId);
    const wanted = ["in", "out", "opening"].map((what) => show(sums.get(what) ?? 0n)).join(" ");
    const is = [told?.pay_in, told?.payout, told?.opening_balance].join(" ");
    const opened = FUNDS.some(([owner, asset]) => owner === accountId && asset === "USD");
    return is === wanted || !opened ? [] : [`the cash of ${accountId} is told as ${is}, it is ${wanted}`];
  });
}

function movesOf(
  fact: Fact,
  accountId: string,
): readonly { readonly date: string; readonly way: "in" | "out" | "traded"; readonly amount: bigint }[] {
  const date = String(fact.timestamp).slice(0, 10);
  if (fact.eventType === "TradeExecuted" && fact.quoteAsset === "USD")
    return sidesOf(fact)
      .filter(([, own]) => own.accountId === accountId)
      .map(([side, { fee }]) => ({
        date,
        way: "traded",
        amount: (side === "BUY" ? -parse(fact.notional) : parse(fact.notional)) - parse(fee),
      }));
  if (fact.accountId !== accountId || fact.asset !== "USD") return [];
  if (fact.eventType === "FundsDeposited") return [{ date, way: "in", amount: parse(fact.amount) }];
  if (fact.eventType === "FundsWithdrawn") return [{ date, way: "out", amount: parse(fact.amount) }];
  return [];
}
