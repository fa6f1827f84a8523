import { ACCOUNTS, type DaySymbol } from "../day.ts";
import { ASSETS, FUNDS, LISTINGS } from "../day-venue.ts";
import { add, feeOf, parse, show, times } from "./amount.ts";
import { type EndedDay, engineOrders, isOpen } from "./ended-day.ts";
import { type Fact, factsOf, sidesOf } from "./facts.ts";

/** A statement shows no more of them. */
const MOST_POSTINGS = 1_000;

/** What each account must have: what came in, less what went out, and what it traded; and what of it is held. */
export function moneyFaults(day: EndedDay): readonly string[] {
  const [owned, held] = [ownedBy(day), heldBy(day)];
  const faults: string[] = [];
  for (const accountId of ACCOUNTS) {
    const shown: readonly Fact[] = day.accounts.get(accountId)?.balances ?? [];
    for (const asset of ASSETS) {
      const key = `${accountId} ${asset}`;
      const balance = shown.find((each) => each.asset === asset) ?? { available: "0", held: "0", total: "0" };
      const [total, part] = [owned.get(key) ?? 0n, held.get(key) ?? 0n];
      const postings = day.postings.get(accountId) ?? [];
      const posted = (ledger: string): bigint =>
        postings
          .filter((posting) => posting.asset === asset && posting.ledger === ledger)
          .reduce((sum, { amount }) => sum + parse(amount), 0n);
      const compared: (readonly [string, bigint, bigint])[] = [
        ["total", parse(balance.total), total],
        ["held", parse(balance.held), part],
        ["available", parse(balance.available), total - part],
      ];
      if (postings.length < MOST_POSTINGS)
        compared.push(
          ["available by its postings", posted("AVAILABLE"), total - part],
          ["held by its postings", posted("HELD"), part],
        );
      for (const [what, is, wanted] of compared)
        if (is !== wanted) faults.push(`${key} ${what} is ${show(is)} and must be ${show(wanted)}`);
    }
  }
  const short = factsOf(day.world.log, "wallet-events").filter(
    ({ eventType }) => eventType === "AccountShort",
  );
  for (const { accountId, asset, amount } of short)
    faults.push(`${accountId} was short of ${amount} ${asset}`);
  return [...faults, ...conservationFaults(day)];
}

/** Money that went in or out, by account and asset; each request once, however often it was sent. */
function movedBy({ told }: EndedDay): Map<string, bigint> {
  const moved = new Map<string, bigint>();
  for (const [accountId, asset, amount] of FUNDS) add(moved, `${accountId} ${asset}`, parse(amount));
  const done = new Set<string>();
  for (const { request, status } of told) {
    const [, accountId, way] =
      /^\/api\/v1\/accounts\/(\w+)\/(deposits|withdrawals)$/.exec(request.path) ?? [];
    if (way === undefined || status > 201 || done.has(request.key ?? "")) continue;
    done.add(request.key ?? "");
    const { asset, amount } = request.body as { asset: string; amount: string };
    add(moved, `${accountId} ${asset}`, way === "deposits" ? parse(amount) : -parse(amount));
  }
  return moved;
}

function ownedBy(day: EndedDay): ReadonlyMap<string, bigint> {
  const owned = movedBy(day);
  for (const trade of day.facts.trades) {
    const { baseAsset, quoteAsset } = LISTINGS[trade.symbol as DaySymbol];
    for (const [side, { accountId, fee }] of sidesOf(trade)) {
      const sign = side === "BUY" ? 1n : -1n;
      add(owned, `${accountId} ${baseAsset}`, sign * parse(trade.quantity));
      add(owned, `${accountId} ${quoteAsset}`, -sign * parse(trade.notional) - parse(fee));
    }
  }
  return owned;
}

/** R11, with everything settled and nothing in flight. */
function heldBy(day: EndedDay): ReadonlyMap<string, bigint> {
  const held = new Map<string, bigint>();
  for (const order of engineOrders(day)) {
    if (!isOpen(order)) continue;
    const { baseAsset, quoteAsset } = LISTINGS[order.symbol as DaySymbol];
    const leaves = parse(order.leavesQuantity);
    if (order.side === "SELL") {
      add(held, `${order.accountId} ${baseAsset}`, leaves);
      continue;
    }
    const minorUnit = 10n ** (quoteAsset === "USD" ? 12n : 10n);
    const cost = times(parse(order.worstPrice), leaves);
    const rate = Math.max(order.makerFeePpm, order.takerFeePpm, 0);
    const room = feeOf(rate, parse(order.filledNotional) + cost, minorUnit) + minorUnit - parse(order.fee);
    add(held, `${order.accountId} ${quoteAsset}`, cost + room);
  }
  return held;
}

/** What accounts have and the venue has earned is what came in from outside. */
function conservationFaults(day: EndedDay): readonly string[] {
  const outside = new Map<string, bigint>();
  for (const [key, amount] of movedBy(day)) add(outside, key.split(" ")[1] ?? "", amount);
  const inside = new Map<string, bigint>();
  for (const { balances } of day.accounts.values())
    for (const { asset, total } of balances) add(inside, asset, parse(total));
  for (const trade of day.facts.trades)
    for (const [, { fee }] of sidesOf(trade))
      add(inside, LISTINGS[trade.symbol as DaySymbol].quoteAsset, parse(fee));
  return ASSETS.filter((asset) => inside.get(asset) !== outside.get(asset)).map(
    (asset) =>
      `of ${asset} ${show(outside.get(asset) ?? 0n)} came in, ${show(inside.get(asset) ?? 0n)} is there`,
  );
}
