export type { Asset, AssetKind } from "./asset.ts";
export { ASSET_KINDS } from "./asset.ts";
export type { Calendar } from "./calendar.ts";
export { CALENDARS, dayEndMs, isCalendar } from "./calendar.ts";
export type { CollarBounds } from "./collar.ts";
export { collarBounds, worstPriceTicks } from "./collar.ts";
export type { CompiledInstrument, ListingFault, PriceFault, QuantityFault } from "./compile-instrument.ts";
export {
  compileInstrument,
  EXACT_NOTIONAL,
  MAX_COLLAR_PPM,
  MAX_FEE_PPM,
  PRICE_FAULTS,
  QUANTITY_FAULTS,
} from "./compile-instrument.ts";
export { compileListed } from "./compile-listed.ts";
export { cumulativeFeeUnits, feeRoomUnits, fillFeeUnits } from "./fees.ts";
export type { Instrument, InstrumentStatus } from "./instrument.ts";
export { INSTRUMENT_STATUSES } from "./instrument.ts";
export type {
  ExecType,
  Liquidity,
  MarketStatus,
  OrderStatus,
  OrderType,
  PegTo,
  SelfTradePrevention,
  Side,
  TimeInForce,
  TriggerBy,
} from "./order.ts";
export {
  EXEC_TYPES,
  LIQUIDITIES,
  MARKET_STATUSES,
  ORDER_STATUSES,
  ORDER_TYPES,
  PEGS_TO,
  SELF_TRADE_PREVENTIONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGERS_BY,
} from "./order.ts";
export type { OrderLimits } from "./order-limits.ts";
export { areExactLimits, greaterLimits, limitsDiffer } from "./order-limits.ts";
export type { OrderQuantities, ReportFacts, StatusDecision } from "./order-state.ts";
export {
  assertQuantities,
  canTransition,
  isFinal,
  nextStatus,
  ORDER_TRANSITIONS,
  quantitiesAddUp,
  reportedStatus,
} from "./order-state.ts";
export { ReferenceBook } from "./reference-book.ts";
export type { HoldFacts, PendingAmend } from "./required-hold.ts";
export { amendRaise, requiredHold } from "./required-hold.ts";
export type { SpecialTerms } from "./special-terms.ts";
export type { AssetAmount } from "./worst-cost.ts";
export { worstCost } from "./worst-cost.ts";
export type { PriceTerms, Trail } from "./worst-price.ts";
export { anchorTicks, parseTrail, worstPriceOf } from "./worst-price.ts";
