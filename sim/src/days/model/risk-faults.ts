import { ACCOUNTS, type DaySymbol } from "../day.ts";
import { LISTINGS } from "../day-venue.ts";
import { add, parse, show, times } from "./amount.ts";
import { type EndedDay, engineOrders, isOpen } from "./ended-day.ts";

/** What risk counts of an account, by quote asset; null: it does not watch the account. */
export type Exposure = (accountId: string) => {
  readonly openOrders: number;
  readonly notional: (asset: string) => string;
} | null;

/** What risk counts as open against the open orders. */
export function riskFaults(day: EndedDay, exposureOf: Exposure): readonly string[] {
  return ACCOUNTS.flatMap((accountId) => {
    const exposure = exposureOf(accountId);
    if (exposure === null) return [];
    const open = engineOrders(day).filter((order) => order.accountId === accountId && isOpen(order));
    const sums = new Map<string, bigint>();
    for (const { symbol, worstPrice, leavesQuantity } of open)
      add(sums, LISTINGS[symbol as DaySymbol].quoteAsset, times(parse(worstPrice), parse(leavesQuantity)));
    const faults: string[] = [];
    if (exposure.openOrders !== open.length)
      faults.push(`risk counts ${exposure.openOrders} open orders of ${accountId}, there are ${open.length}`);
    for (const asset of ["USD", "BTC"]) {
      const wanted = sums.get(asset) ?? 0n;
      if (parse(exposure.notional(asset)) !== wanted)
        faults.push(
          `risk counts ${exposure.notional(asset)} ${asset} of ${accountId}, its orders make ${show(wanted)}`,
        );
    }
    return faults;
  });
}
