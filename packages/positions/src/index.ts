export { AVERAGE_PRICE_DECIMALS, averagePrice } from "./average-price.ts";
export type { CostMethod, Fill, OpenLot, Position } from "./position.ts";
export { applyFill, COST_METHODS, emptyPosition, unrealisedPnl } from "./position.ts";
