export type { Asset, AssetKind } from "./asset.ts";
export { ASSET_KINDS } from "./asset.ts";
export type { Instrument, InstrumentStatus } from "./instrument.ts";
export { INSTRUMENT_STATUSES } from "./instrument.ts";
export type { ExecType, Liquidity, OrderStatus, OrderType, Side, TimeInForce } from "./order.ts";
export { EXEC_TYPES, LIQUIDITIES, ORDER_STATUSES, ORDER_TYPES, SIDES, TIMES_IN_FORCE } from "./order.ts";
