export { COMMAND, FLAG, PLACE_WORD } from "./binary/command-layout.ts";
export { CommandWords } from "./binary/encode-command.ts";
export { EVENT } from "./binary/event-layout.ts";
export { DEFAULT_RING_WORDS, EventRing } from "./binary/event-ring.ts";
export { readEvents } from "./binary/read-events.ts";
export { BinaryEngine } from "./binary-engine.ts";
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
export type {
  BinaryEngineOptions,
  BookLevel,
  BookSnapshot,
  Engine,
  EngineCounters,
  EngineLimits,
  EngineOptions,
  SymbolStatus,
} from "./engine.ts";
export {
  createBinaryEngine,
  createEngine,
  DEFAULT_LIMITS,
  ENGINE_VERSION,
  restoreBinaryEngine,
  restoreEngine,
} from "./engine.ts";
export type {
  BookStatus,
  CancelCause,
  EventSink,
  RejectReason,
  SelfTradeMode,
  TriggerCause,
} from "./events.ts";
export { BOOK_STATUSES, CANCEL_CAUSES, REJECT_REASONS, SELF_TRADE_MODES, TRIGGER_CAUSES } from "./events.ts";
export { MAX_SYMBOLS } from "./order-rules.ts";
export type { SnapshotFault } from "./snapshot.ts";
export type { OrderState } from "./state.ts";
export type { StateNames } from "./state-hash.ts";
