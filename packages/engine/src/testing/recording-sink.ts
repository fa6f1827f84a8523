import type { EventSink } from "../events.ts";

/** One event as data: its name, then the arguments of the sink's method of that name. */
export type RecordedEvent = readonly [name: keyof EventSink, ...values: (number | string)[]];

/** A sink that hands every event on as one array. */
export function eventSink(write: (event: RecordedEvent) => void): Required<EventSink> {
  return {
    accepted: (...values) => write(["accepted", ...values]),
    rejected: (...values) => write(["rejected", ...values]),
    trade: (...values) => write(["trade", ...values]),
    replaced: (...values) => write(["replaced", ...values]),
    cancelled: (...values) => write(["cancelled", ...values]),
    expired: (...values) => write(["expired", ...values]),
    completed: (...values) => write(["completed", ...values]),
    levelChanged: (...values) => write(["levelChanged", ...values]),
    lessened: (...values) => write(["lessened", ...values]),
    triggered: (...values) => write(["triggered", ...values]),
    repriced: (...values) => write(["repriced", ...values]),
    prevented: (...values) => write(["prevented", ...values]),
    bookStatus: (...values) => write(["bookStatus", ...values]),
    orderAdded: (...values) => write(["orderAdded", ...values]),
    orderReduced: (...values) => write(["orderReduced", ...values]),
  };
}

/** A sink that keeps what it is told until it is taken. */
export interface RecordingSink extends EventSink {
  /** All events since the last call. */
  take(): RecordedEvent[];
}

export function recordingSink(): RecordingSink {
  let events: RecordedEvent[] = [];
  return {
    ...eventSink((event) => events.push(event)),
    take: () => {
      const taken = events;
      events = [];
      return taken;
    },
  };
}

/** A sink that forgets everything. */
export function silentSink(): EventSink {
  return eventSink(() => {});
}
