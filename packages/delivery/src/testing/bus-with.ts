import type { EventBus } from "@bourse/bus";

/** The same bus, but for these calls. */
export function busWith<Bus extends EventBus>(bus: Bus, calls: Partial<EventBus>): Bus {
  return new Proxy(bus, {
    get: (target, property) => {
      if (Object.hasOwn(calls, property)) return Reflect.get(calls, property);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
