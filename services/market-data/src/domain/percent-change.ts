import { assert, formatDecimal } from "@bourse/base";

/** How far a price is from an earlier one, in per cent with two decimals, towards zero: (100, 101.5 in ticks) is "1.5". */
export function percentChange(fromTicks: number, toTicks: number): string {
  assert(fromTicks > 0, "a price is positive");
  return formatDecimal((BigInt(toTicks - fromTicks) * 10_000n) / BigInt(fromTicks), 2);
}
