export type {
  AccountCommand,
  AmendOrder,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  OrderTypeCode,
  PlaceOrder,
  SideCode,
  SymbolCommand,
  TimeInForceCode,
} from "./commands.ts";
export { ANY, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "./commands.ts";
export type {
  BookLevel,
  BookSnapshot,
  Engine,
  EngineCounters,
  EngineLimits,
  EngineOptions,
  SymbolStatus,
} from "./engine.ts";
export { createEngine, DEFAULT_LIMITS, ENGINE_VERSION, restoreEngine } from "./engine.ts";
export type { CancelCause, EventSink, RejectReason } from "./events.ts";
export { CANCEL_CAUSES, REJECT_REASONS } from "./events.ts";
export { MAX_SYMBOLS } from "./order-rules.ts";
export type { SnapshotFault } from "./snapshot.ts";
export type { OrderState } from "./state.ts";
export type { StateNames } from "./state-hash.ts";
