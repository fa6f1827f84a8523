import type { DaySymbol } from "../day.ts";
import { LISTINGS } from "../day-venue.ts";
import { feeOf, parse, show, times } from "./amount.ts";
import { type EndedDay, engineOrders, isOpen } from "./ended-day.ts";
import { type Fact, type Fill, sidesOf } from "./facts.ts";

/** Longer than an expiry may come late. */
const EXPIRY_SLACK_MS = 10_000;

/** Each order against what it traded and against its own terms. */
export function orderFaults(day: EndedDay): readonly string[] {
  const faults: string[] = [];
  const kept = engineOrders(day);
  if (kept.length !== day.facts.created.size)
    faults.push(`${day.facts.created.size} orders are in the engine's log, ${kept.length} are shown`);
  for (const order of kept)
    for (const fault of [...faultsOfSums(day, order), ...faultsOfTerms(day, order)])
      faults.push(`${nameOf(order)}: ${fault}`);
  return [
    ...faults,
    ...tradeFaults(day),
    ...outcomeFaults(day),
    ...familyFaults(day, kept),
    ...reduceFaults(day),
    ...closedMarketFaults(day),
    ...haltFaults(day),
  ];
}

export function nameOf({ accountId, clientOrderId, orderId }: Fact): string {
  return `${accountId}/${clientOrderId ?? orderId}`;
}

function faultsOfSums({ facts }: EndedDay, order: Fact): readonly string[] {
  const fills = facts.fillsOf(order.orderId);
  const sum = (of: (fill: Fill) => string): bigint => fills.reduce((all, fill) => all + parse(of(fill)), 0n);
  const filled = sum(({ trade }) => trade.quantity);
  const compared: readonly (readonly [string, bigint, bigint])[] = [
    ["filledQuantity", parse(order.filledQuantity), filled],
    ["filledNotional", parse(order.filledNotional), sum(({ trade }) => trade.notional)],
    ["fee", parse(order.fee), sum(({ own }) => own.fee)],
    [
      "quantity",
      parse(order.quantity),
      filled + parse(order.leavesQuantity) + parse(order.cancelledQuantity),
    ],
  ];
  const faults = compared
    .filter(([, shown, summed]) => shown !== summed)
    .map(([field, shown, summed]) => `${field} is ${show(shown)}, its trades make ${show(summed)}`);
  const last = facts.reports
    .filter((report) => report.eventType === "ExecutionReport" && report.orderId === order.orderId)
    .reduce<Fact | null>((a, b) => (a === null || b.engineSequence > a.engineSequence ? b : a), null);
  if (last === null) return [...faults, "the engine never spoke of it"];
  for (const [shown, told] of [
    ["status", "orderStatus"],
    ["leavesQuantity", "leavesQuantity"],
    ["cancelledQuantity", "cancelledQuantity"],
    ["quantity", "quantity"],
    ["worstPrice", "boundPrice"],
  ] as const)
    if (order[shown] !== last[told])
      faults.push(`${shown} is ${order[shown]}, the engine said ${last[told]} last`);
  return faults;
}

function faultsOfTerms({ facts, nowMs }: EndedDay, order: Fact): readonly string[] {
  const faults: string[] = [];
  const { timeInForce, expireAt, postOnly } = order;
  const open = isOpen(order);
  if (order.status === "PENDING") faults.push("it is still PENDING");
  if (open && order.triggered !== true && order.stopPrice !== undefined) {
    // It sleeps: nothing of it may have traded.
    if (parse(order.filledQuantity) > 0n) faults.push("it traded before its stop was reached");
  } else if (
    open &&
    (timeInForce === "IOC" || timeInForce === "FOK") &&
    order.parentId === undefined &&
    order.awaits === undefined
  )
    faults.push(`it is ${timeInForce} and still open`);
  if (open && expireAt !== undefined && Date.parse(expireAt) + EXPIRY_SLACK_MS < nowMs)
    faults.push(`it is open after ${expireAt}`);
  if (open !== parse(order.leavesQuantity) > 0n)
    faults.push(`it is ${order.status} with ${order.leavesQuantity} left`);
  const fills = facts.fillsOf(order.orderId);
  const real = fills.filter(({ trade }) => trade.transfer !== true);
  if (postOnly === true && real.some(({ own }) => own.liquidity === "TAKER"))
    faults.push("it is post-only and took");
  if (
    timeInForce === "FOK" &&
    order.selfTradePrevention === undefined &&
    // Of a child, all that its parent has filled.
    order.parentId === undefined &&
    parse(order.filledQuantity) > 0n &&
    order.status !== "FILLED"
  )
    faults.push("it is FOK and filled in part");
  if (order.price !== undefined && order.orderType !== "PEGGED" && order.worstPrice !== order.price)
    faults.push(`its worst price is ${order.worstPrice}, its limit ${order.price}`);
  return faults;
}

/** Prices within both limits, cumulative fields in step, fees by the rates that were fixed. */
function tradeFaults({ facts, orders }: EndedDay): readonly string[] {
  const faults: string[] = [];
  const soFar = new Map<
    string,
    { quantity: bigint; notional: bigint; fee: bigint; maker: bigint; taker: bigint }
  >();
  for (const trade of [...facts.trades].sort(byEngine)) {
    const wrong = (what: string): number => faults.push(`trade ${trade.tradeId}: ${what}`);
    const { quoteAsset } = LISTINGS[trade.symbol as DaySymbol];
    const minorUnit = 10n ** (quoteAsset === "USD" ? 12n : 10n);
    const [price, quantity, notional] = [parse(trade.price), parse(trade.quantity), parse(trade.notional)];
    if (notional !== times(price, quantity))
      wrong(`${trade.price} x ${trade.quantity} is not ${trade.notional}`);
    for (const [side, own] of sidesOf(trade)) {
      const created = facts.created.get(own.orderId);
      const order = orders.get(own.orderId);
      if (created === undefined || order === undefined) {
        wrong(`${own.orderId} was never created`);
        continue;
      }
      if (created.side !== side || created.symbol !== trade.symbol || created.accountId !== own.accountId)
        wrong(`${own.orderId} is another side, symbol or account's`);
      const bound = parse(own.boundPrice);
      if (side === "BUY" ? price > bound : price < bound)
        wrong(`it is beyond ${own.boundPrice} of the ${side}`);
      const sums = soFar.get(own.orderId) ?? { quantity: 0n, notional: 0n, fee: 0n, maker: 0n, taker: 0n };
      soFar.set(own.orderId, sums);
      const role = own.liquidity === "MAKER" ? "maker" : "taker";
      const rate = role === "maker" ? created.makerFeePpm : created.takerFeePpm;
      const before = feeOf(rate, sums[role], minorUnit);
      const fee = trade.transfer === true ? 0n : feeOf(rate, sums[role] + notional, minorUnit) - before;
      if (trade.transfer !== true) sums[role] += notional;
      if (parse(own.fee) !== fee) wrong(`the ${side}'s fee is ${own.fee}, ${rate} ppm make ${show(fee)}`);
      sums.quantity += quantity;
      sums.notional += notional;
      sums.fee += fee;
      for (const [field, summed] of [
        ["cumulativeQuantity", sums.quantity],
        ["cumulativeNotional", sums.notional],
        ["cumulativeFee", sums.fee],
      ] as const)
        if (parse(own[field]) !== summed)
          wrong(`the ${side}'s ${field} is ${own[field]}, its trades make ${show(summed)}`);
    }
  }
  return faults;
}

function byEngine(a: Fact, b: Fact): number {
  return a.partition - b.partition || a.engineSequence - b.engineSequence;
}

/** R8: every command has exactly one outcome. One that goes to all partitions may have the same name in each. */
function outcomeFaults({ facts }: EndedDay): readonly string[] {
  const outcomes = new Map<string, number>();
  for (const { eventType, outcome, requestId, partition } of facts.reports) {
    const name = `${requestId} in ${partition}`;
    if (eventType === "CommandCompleted" || outcome === true)
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
  }
  return facts.commands.flatMap(({ eventType, orderId, requestId, partition }) => {
    const name = `${eventType === "OrderCreated" ? orderId : requestId} in ${partition}`;
    const count = outcomes.get(name) ?? 0;
    return count === 1 ? [] : [`${eventType} ${name} has ${count} outcomes`];
  });
}

/** Orders that hang on each other. */
function familyFaults({ facts }: EndedDay, kept: readonly Fact[]): readonly string[] {
  const faults: string[] = [];
  const accepted = kept.filter(({ status }) => status !== "REJECTED");
  const byId = new Map(accepted.map((order) => [order.orderId, order]));
  const groups = Map.groupBy(
    accepted.filter((order) => order.groupOrderId !== undefined || order.parentOrderId !== undefined),
    ({ groupOrderId, parentOrderId }) => String(groupOrderId ?? `children of ${parentOrderId}`),
  );
  for (const [first, others] of groups) {
    const members = [byId.get(first), ...others].filter((each) => each !== undefined);
    const open = members.filter(isOpen);
    // Who trades or wakes ends the others and stays.
    if (open.length < members.length && open.length > 1)
      faults.push(`of the group of ${first} only some are open: ${members.map(stateOf).join(", ")}`);
  }
  for (const child of accepted) {
    if (child.parentOrderId === undefined) continue;
    const parent = byId.get(child.parentOrderId);
    if (parent === undefined) faults.push(`${nameOf(child)} has no parent that the engine took`);
    else if (isOpen(parent) && (child.triggered === true || facts.fillsOf(child.orderId).length > 0))
      faults.push(`${nameOf(child)} works while its parent is open`);
    else if (!isOpen(parent) && parse(parent.filledQuantity) === 0n && isOpen(child))
      faults.push(`${nameOf(child)} is open, its parent never filled`);
    else if (parse(child.filledQuantity) > parse(parent.filledQuantity))
      faults.push(`${nameOf(child)} filled more than its parent`);
  }
  return faults;
}

function stateOf(order: Fact): string {
  return `${nameOf(order)} ${order.status}`;
}

/** A reduce-only order never made the net of what its account has traded in the symbol larger. */
function reduceFaults({ facts }: EndedDay): readonly string[] {
  const faults: string[] = [];
  const net = new Map<string, bigint>();
  for (const trade of [...facts.trades].sort(byEngine)) {
    const quantity = parse(trade.quantity);
    const isOwn = trade.buyer.accountId === trade.seller.accountId;
    for (const [side, own] of sidesOf(trade)) {
      const key = `${own.accountId} ${trade.symbol}`;
      const before = net.get(key) ?? 0n;
      if (isOwn) continue;
      const after = side === "BUY" ? before + quantity : before - quantity;
      net.set(key, after);
      const larger = (after < 0n ? -after : after) > (before < 0n ? -before : before);
      if (facts.created.get(own.orderId)?.reduceOnly === true && larger)
        faults.push(`trade ${trade.tradeId}: reduce-only took ${key} from ${show(before)} to ${show(after)}`);
    }
  }
  return faults;
}

/** The engine was told last what the door goes by: a symbol is halted there exactly where somebody has halted it. */
function haltFaults({ facts, halted }: EndedDay): readonly string[] {
  const told = new Map<string, boolean>();
  for (const { eventType, symbol } of facts.commands)
    if (eventType === "TradingHalted" || eventType === "TradingResumed")
      told.set(symbol, eventType === "TradingHalted");
  return [...new Set([...told.keys(), ...halted])].flatMap((symbol) => {
    const [is, wanted] = [told.get(symbol) === true, halted.has(symbol)];
    return is === wanted
      ? []
      : [`${symbol} is ${wanted ? "" : "not "}halted, the engine was told otherwise last`];
  });
}

/** Nothing trades while its symbol is halted, nor beyond its bands. */
function closedMarketFaults({ facts }: EndedDay): readonly string[] {
  const faults: string[] = [];
  const rules = facts.commands.filter(({ eventType }) =>
    /^(TradingHalted|TradingResumed|PriceBandsSet)$/.test(eventType),
  );
  for (const trade of facts.trades) {
    const before = rules.filter(
      ({ symbol, sequence }) => symbol === trade.symbol && sequence < trade.commandSequence,
    );
    const halted = before.findLast(({ eventType }) => eventType !== "PriceBandsSet");
    if (halted?.eventType === "TradingHalted")
      faults.push(`trade ${trade.tradeId}: ${trade.symbol} was halted`);
    const bands = before.findLast(({ eventType }) => eventType === "PriceBandsSet");
    if (bands?.lowerPrice === undefined || trade.transfer === true) continue;
    const price = parse(trade.price);
    if (price < parse(bands.lowerPrice) || price > parse(bands.upperPrice))
      faults.push(
        `trade ${trade.tradeId}: ${trade.price} is beyond the bands from ${bands.lowerPrice} to ${bands.upperPrice}`,
      );
  }
  return faults;
}
