import { bookEvents, executionEvents, orderEvents, tradeEvents } from "@bourse/contracts";
import { defineService } from "@bourse/host";
import { MatchingConfig } from "./config.ts";
import { matchingInvariants } from "./invariants.ts";
import { ENGINE, type Matching } from "./matching.ts";
import { partitionRoutes } from "./routes/partitions.ts";
import { voidRoutes } from "./routes/voids.ts";
import { MatchingProgram } from "./shard/matching-program.ts";

/** Hosts the engine's shards: one per partition of order-events, each a pure function of its log (R8). */
export const matching = defineService<typeof MatchingConfig, Matching>({
  name: "matching",
  description: "Hosts the matching engine, one shard per partition",
  port: 8085,
  config: MatchingConfig,
  publishes: [executionEvents, tradeEvents, bookEvents],
  calls: [],
  setup: ({ bus, clock, timer, sharedFolder }) => ({ bus, clock, timer, sharedFolder, programs: new Map() }),
  consumes: [
    {
      kind: "shard",
      subscription: ENGINE,
      input: orderEvents,
      outputs: [executionEvents, tradeEvents, bookEvents],
      snapshotEvery: 50_000,
      create: () => new MatchingProgram(),
      owned: (service, partition, program) => {
        if (program instanceof MatchingProgram) service.programs.set(partition, program);
      },
      lost: (service, partition) => {
        service.programs.delete(partition);
      },
    },
  ],
  routes: [...partitionRoutes, ...voidRoutes],
  jobs: [],
  invariants: matchingInvariants,
});
