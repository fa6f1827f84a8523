import { applyFill, averagePrice, COST_METHODS, emptyPosition, unrealisedPnl } from "../index.ts";

// Ticks of a cent, lots of one share, minor units of a cent: one tick x one lot is one cent.
const instrument = { tickScale: 2, tickUnits: 1, tickLotUnits: 1n };
const fills = [
  { side: "BUY", quantityLots: 10, priceTicks: 10_000, feeUnits: 10n },
  { side: "BUY", quantityLots: 10, priceTicks: 12_000, feeUnits: 12n },
  { side: "SELL", quantityLots: 15, priceTicks: 13_000, feeUnits: 20n },
] as const;

for (const method of COST_METHODS) {
  const position = fills.reduce(applyFill, emptyPosition(method, instrument.tickLotUnits));
  const { quantityLots, costUnits, realisedUnits, feesUnits } = position;
  console.log(
    `${method}: ${quantityLots} lots at ${averagePrice(position, instrument)} for ${costUnits}, made ${realisedUnits} after ${feesUnits} of fees,`,
    `${unrealisedPnl(position, 12_500)} more at 125.00`,
  );
}
