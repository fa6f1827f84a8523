import { type BusHarness, busConformance } from "@bourse/bus/testing";
import { machineTimer } from "@bourse/host/testing";
import { MemoryBus } from "./memory-bus.ts";
import { MemoryLog } from "./memory-log.ts";

busConformance("in memory", async (): Promise<BusHarness> => {
  const log = new MemoryLog();
  let bus = new MemoryBus(log, machineTimer);
  return {
    get bus() {
      return bus;
    },
    another: async () => bus,
    reopen: async () => {
      await bus.close();
      bus = new MemoryBus(log, machineTimer);
      return bus;
    },
    deleteTopic: async (topic) => bus.deleteTopic(topic),
    close: () => bus.close(),
  };
});
