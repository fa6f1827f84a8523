import type { EventBus, StartPosition } from "@bourse/bus";
import { busWith } from "./bus-with.ts";

/** A bus as it is once retention has dropped what lies before `earliest`. */
export function cutAt(bus: EventBus, earliest: bigint): EventBus {
  return busWith(bus, {
    offsets: async (name) =>
      (await bus.offsets(name)).map((ends) => ({
        ...ends,
        earliest: ends.latest < earliest ? ends.latest : earliest,
      })),
    read: (options) =>
      bus.read({
        ...options,
        from: isBefore(options.from, earliest) ? earliest : options.from,
      }),
  });
}

function isBefore(from: StartPosition, earliest: bigint): boolean {
  return from === "earliest" || (from !== "latest" && from < earliest);
}
