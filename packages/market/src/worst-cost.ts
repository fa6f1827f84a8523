import { assert } from "@bourse/base";
import type { CompiledInstrument } from "./compile-instrument.ts";
import { feeRoomUnits } from "./fees.ts";
import type { Side } from "./order.ts";

/** An amount of one asset, in its minor units. */
export interface AssetAmount {
  readonly asset: string;
  readonly units: bigint;
}

/**
 * What a new order can cost at most, and so what is held for it: a buy its quantity at the worst price it may
 * trade at plus the fee room, in quote; a sell its quantity, in base, since its fee comes out of the proceeds.
 */
export function worstCost(
  order: {
    readonly side: Side;
    readonly boundTicks: number;
    readonly quantityLots: number;
    readonly maxFeePpm: number;
  },
  instrument: CompiledInstrument,
): AssetAmount {
  assert(order.quantityLots > 0, "a new order has a quantity");
  if (order.side === "SELL")
    return { asset: instrument.baseAsset, units: instrument.quantityUnits(order.quantityLots) };
  const costUnits = instrument.notionalUnits(order.boundTicks * order.quantityLots);
  return { asset: instrument.quoteAsset, units: costUnits + feeRoomUnits(order.maxFeePpm, costUnits) };
}
