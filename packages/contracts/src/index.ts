export type { Readers } from "./asyncapi.ts";
export { asyncApiDocument } from "./asyncapi.ts";
export { catalogue } from "./catalogue.ts";
export type { AnyEvent, JsonSchema, SchemaVersion } from "./event-schema.ts";
export {
  allEvents,
  currentVersions,
  eventSchema,
  eventsOf,
  topicSchema,
  VERSIONS_FOLDER,
  versionFileName,
  writtenSchema,
} from "./event-schema.ts";
export {
  AccountShort,
  FundsDeposited,
  FundsHeld,
  FundsReleased,
  FundsWithdrawn,
  KillSwitchReleased,
  KillSwitchSet,
  OrderStateChanged,
  orderUpdates,
  PositionUpdated,
  portfolioEvents,
  riskEvents,
  walletEvents,
} from "./events/account-events.ts";
export { ActionAudited, auditTopic } from "./events/audit-events.ts";
export { BookChanged, BookLevel, BookSnapshot, bookEvents, LevelChange } from "./events/book-events.ts";
export { EpochStarted, generatorProducer, speaksFor, writersOf } from "./events/control-events.ts";
export { DeadLettered, deadLetterTopic } from "./events/dead-letters.ts";
export {
  CommandCompleted,
  ExecutionReport,
  executionEvents,
  MarketStatusChanged,
} from "./events/execution-events.ts";
export {
  CashBalanceReported,
  ClientOrderReported,
  ClientTradeReported,
  cashBalanceFeed,
  ordersFeed,
  tradesFeed,
} from "./events/feeds.ts";
export {
  AccountBlocked,
  AccountGrouped,
  AccountUnblocked,
  EngineVersionActivated,
  MassCancelled,
  OrderCancelled,
  OrderCreated,
  OrderLimitsSet,
  OrderModified,
  orderEvents,
  PositionFollowed,
  PriceBandsSet,
  SessionClosed,
  SymbolListed,
  TimeAdvanced,
  TradingHalted,
  TradingResumed,
} from "./events/order-events.ts";
export { PriceUpdated, priceEvents } from "./events/price-events.ts";
export {
  AssetFields,
  AssetListed,
  InstrumentChanged,
  InstrumentFields,
  InstrumentListed,
  referenceEvents,
} from "./events/reference-events.ts";
export { TradeExecuted, TradeSettled, TradeSide, tradeEvents } from "./events/trade-events.ts";
export {
  encodeTradeReported,
  STREAM_PREFIX,
  STREAM_SYMBOLS,
  simulatedTrades,
  TradeReported,
  type TradeStream,
  tradeStream,
  tradeStreamNamed,
} from "./events/trade-stream.ts";
export {
  AccountId,
  AssetCode,
  ClientOrderId,
  Count,
  Decimal,
  LiquidityField,
  OrderId,
  OrderStatusField,
  OrderTypeField,
  oneOf,
  Ppm,
  RequestId,
  SideField,
  SymbolField,
  TimeInForceField,
  Timestamp,
} from "./fields.ts";
export {
  HOLD_REFUSALS,
  HoldBatch,
  HoldBatchAnswer,
  HoldOutcome,
  HoldRaise,
  HoldRelease,
  HoldRequest,
  OpenHoldsAnswer,
  OpenHoldsQuery,
  OrphanAnswer,
  OrphanQuery,
} from "./internal/holds.ts";
export {
  OpenOrder,
  OpenOrdersAnswer,
  OpenOrdersQuery,
  StandingAnswer,
  StandingQuery,
} from "./internal/open-orders.ts";
export { OrderNamesAnswer, OrderNamesQuery } from "./internal/order-names.ts";
export { Principal, ROLES } from "./internal/principal.ts";
export {
  RISK_REFUSALS,
  RiskCheckAnswer,
  RiskCheckBatch,
  RiskCheckItem,
  RiskOutcome,
} from "./internal/risk-check.ts";
export { ACCOUNT_PARTITIONS, SHARDED_PARTITIONS, STREAM_PARTITIONS } from "./partitions.ts";
export { SpecialTerms, specialFields } from "./special-terms.ts";
export { epochMs, rfc3339 } from "./time.ts";
export type { EventContract, EventOf, ServiceName, Topic, TopicEvent, Writer } from "./topic.ts";
export { defineEvent, defineTopic, SERVICE_NAMES } from "./topic.ts";
