export { COMMAND, FLAG, PLACE_WORD } from "./binary/command-layout.ts";
export { CommandWords } from "./binary/encode-command.ts";
export { EVENT } from "./binary/event-layout.ts";
export { DEFAULT_RING_WORDS, EventRing } from "./binary/event-ring.ts";
export { readEvents } from "./binary/read-events.ts";
export { BinaryEngine } from "./binary-engine.ts";
export type { BookLevel, BookSnapshot, SymbolStatus } from "./book-views.ts";
export type {
  AccountCommand,
  AmendOrder,
  CancelByClientId,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  OrderTerms,
  OrderTypeCode,
  PlaceOrder,
  ReplaceOrder,
  SessionCommand,
  SetAccountGroup,
  SetBands,
  SetLimits,
  SetPosition,
  SideCode,
  SymbolCommand,
  TimeInForceCode,
} from "./commands.ts";
export {
  ANY,
  LINK,
  MAX_AWAITED,
  ORDER_TYPE,
  PEG,
  PHASE,
  SELF_TRADE,
  SIDE,
  TIME_IN_FORCE,
  TRIGGER_BY,
} from "./commands.ts";
export type { BinaryEngineOptions } from "./create-engine.ts";
export {
  createBinaryEngine,
  createEngine,
  DEFAULT_LIMITS,
  restoreBinaryEngine,
  restoreEngine,
  restoreEngineSteps,
} from "./create-engine.ts";
export type { Engine, EngineOptions } from "./engine.ts";
export type {
  BookStatus,
  CancelCause,
  EventSink,
  RejectReason,
  SelfTradeMode,
  TriggerCause,
} from "./events.ts";
export { BOOK_STATUSES, CANCEL_CAUSES, REJECT_REASONS, SELF_TRADE_MODES, TRIGGER_CAUSES } from "./events.ts";
export type { ReaderOutcome } from "./market-data/book-reader.ts";
export { BookReader, MAX_WAITING } from "./market-data/book-reader.ts";
export { CHECKSUM_LEVELS, levelsChecksum, ordersChecksum, topChecksum } from "./market-data/checksum.ts";
export type { BookSource, OrderBookSnapshot } from "./market-data/feed.ts";
export { levelsSnapshot, MarketDataFeed, ordersSnapshot, topSnapshot } from "./market-data/feed.ts";
export { LevelReader } from "./market-data/level-reader.ts";
export type {
  FeedMessage,
  FeedSnapshot,
  LevelChange,
  LevelsChanged,
  LevelsSnapshot,
  OrderChange,
  OrderLevel,
  OrdersChanged,
  OrdersSnapshot,
  ShownOrder,
  Top,
  TopChanged,
  TopSnapshot,
} from "./market-data/messages.ts";
export { OrderReader } from "./market-data/order-reader.ts";
export { TopReader } from "./market-data/top-reader.ts";
export { MAX_SYMBOLS } from "./order-terms.ts";
export type { SnapshotFault } from "./snapshot.ts";
export { ENGINE_VERSION, SNAPSHOT_FORMAT } from "./snapshot.ts";
export type { EngineCounters, EngineLimits, OrderState } from "./state.ts";
export type { StateNames } from "./state-hash.ts";
