export { type FaultyBus, faultyBus } from "./testing/faulty-bus.ts";
export { type MemoryStore, memoryStore } from "./testing/memory-store.ts";
export { type VirtualTime, virtualTime } from "./testing/virtual-time.ts";
