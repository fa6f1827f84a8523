import {
  BOOK_STATUSES,
  type BookStatus,
  CANCEL_CAUSES,
  type CancelCause,
  type EventSink,
  REJECT_REASONS,
  type RejectReason,
  SELF_TRADE_MODES,
  type SelfTradeMode,
  TRIGGER_CAUSES,
  type TriggerCause,
} from "../events.ts";
import { EVENT } from "./event-layout.ts";
import type { EventRing } from "./event-ring.ts";

/** Hands all unread events to a sink and frees them. */
export function readEvents(ring: EventRing, sink: EventSink): void {
  for (let at = ring.first(); at !== -1; at = ring.after(at)) tell(ring, at, sink);
  ring.releaseTo(-1);
}

function tell(ring: EventRing, at: number, sink: EventSink): void {
  const { f64, i32 } = ring;
  const head = i32[at * 2] as number;
  const symbol = i32[at * 2 + 1] as number;
  const code = head >>> 16;
  const a = f64[at + 1] as number;
  const b = f64[at + 2] as number;
  const c = f64[at + 3] as number;
  const d = f64[at + 4] as number;
  switch (head & 255) {
    case EVENT.ACCEPTED:
      sink.accepted(a, b);
      break;
    case EVENT.REJECTED:
      sink.rejected(a, b, c, REJECT_REASONS[code] as RejectReason);
      break;
    case EVENT.TRADE:
      tellTrade(f64, at, symbol, sink);
      break;
    case EVENT.REPLACED:
      sink.replaced(a, b, c, d, f64[at + 5] as number, f64[at + 6] as number);
      break;
    case EVENT.CANCELLED:
      sink.cancelled(a, b, c, CANCEL_CAUSES[code] as CancelCause, d);
      break;
    case EVENT.EXPIRED:
      sink.expired(a, b, c);
      break;
    case EVENT.COMPLETED:
      sink.completed(a, b, c);
      break;
    case EVENT.LEVEL:
      sink.levelChanged(a, symbol, code, b, c, d);
      break;
    default:
      tellRare(ring, at, sink);
      break;
  }
}

function tellTrade(f64: Float64Array, at: number, symbol: number, sink: EventSink): void {
  sink.trade(
    f64[at + 1] as number,
    symbol,
    f64[at + 2] as number,
    f64[at + 3] as number,
    f64[at + 4] as number,
    f64[at + 5] as number,
    f64[at + 6] as number,
    f64[at + 7] as number,
    f64[at + 8] as number,
  );
}

function tellRare({ f64, i32 }: EventRing, at: number, sink: EventSink): void {
  const head = i32[at * 2] as number;
  const symbol = i32[at * 2 + 1] as number;
  const code = head >>> 16;
  const values = Array.from(f64.subarray(at + 1, at + 8)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [a, b, c, d] = values;
  switch (head & 255) {
    case EVENT.TRIGGERED:
      sink.triggered?.(a, b, TRIGGER_CAUSES[code] as TriggerCause, c);
      break;
    case EVENT.REPRICED:
      sink.repriced?.(a, b, c);
      break;
    case EVENT.PREVENTED:
      sink.prevented?.(
        a,
        symbol,
        b,
        c,
        SELF_TRADE_MODES[code] as SelfTradeMode,
        d,
        values[4],
        values[5],
        values[6],
      );
      break;
    case EVENT.STATUS:
      sink.bookStatus?.(a, symbol, BOOK_STATUSES[code] as BookStatus, b);
      break;
    case EVENT.LESSENED:
      sink.lessened?.(a, b, c);
      break;
    case EVENT.ORDER_ADDED:
      sink.orderAdded?.(a, symbol, b, code, c, d);
      break;
    case EVENT.ORDER_REDUCED:
      sink.orderReduced?.(a, symbol, b, c);
      break;
    default:
      throw new Error(`no event has kind ${head & 255}`);
  }
}
