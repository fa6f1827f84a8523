import { decimalUnits, formatDecimal } from "@bourse/base";
import type { TradeFacts } from "./reconcile.ts";

/** What an account owns of an asset, as the wallet shows it. Decimals as text. */
export interface BalanceFacts {
  readonly accountId: string;
  readonly asset: string;
  readonly total: string;
  readonly held: string;
}

/** What was paid in. */
export interface Deposit {
  readonly accountId: string;
  readonly asset: string;
  readonly amount: string;
}

const SCALE = 18;

/**
 * Every account owns its deposits and what its trades made of them, once; nothing is held once no order is open. As
 * each trade gives one side what it takes from the other and the venue gets the fees, no money comes or goes.
 */
export function moneyFaults(options: {
  readonly deposits: readonly Deposit[];
  readonly trades: readonly TradeFacts[];
  readonly balances: readonly BalanceFacts[];
}): readonly string[] {
  const due = new Map<string, bigint>();
  const add = (accountId: string, asset: string, amount: bigint): void => {
    const key = `${accountId} ${asset}`;
    due.set(key, (due.get(key) ?? 0n) + amount);
  };
  for (const { accountId, asset, amount } of options.deposits) add(accountId, asset, units(amount));
  for (const { symbol, quantity, notional, buyer, seller } of options.trades) {
    const [base = "", quote = ""] = symbol.split("-");
    add(buyer.accountId, base, units(quantity));
    add(buyer.accountId, quote, -units(notional) - units(buyer.fee));
    add(seller.accountId, base, -units(quantity));
    add(seller.accountId, quote, units(notional) - units(seller.fee));
  }
  const faults: string[] = [];
  for (const { accountId, asset, total, held } of options.balances) {
    const key = `${accountId} ${asset}`;
    const expected = due.get(key) ?? 0n;
    due.delete(key);
    if (units(total) !== expected)
      faults.push(`${key}: owns ${total}, deposits and trades make ${formatDecimal(expected, SCALE)}`);
    if (units(held) !== 0n) faults.push(`${key}: ${held} are held, and no order is open`);
  }
  for (const [key, expected] of due)
    if (expected !== 0n)
      faults.push(`${key}: there is no balance, deposits and trades make ${formatDecimal(expected, SCALE)}`);
  return faults;
}

function units(text: string): bigint {
  return decimalUnits(text, SCALE);
}
