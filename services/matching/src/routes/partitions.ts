import { Count } from "@bourse/contracts";
import type { Route } from "@bourse/host";
import { Type } from "typebox";
import type { Matching } from "../matching.ts";
import { stateHashOf } from "../state-hash.ts";

const PartitionView = Type.Object({
  partition: Count,
  symbols: Type.Array(Type.String()),
  restingOrders: Count,
  engineVersion: Count,
  stateHash: Type.String(),
});

export const partitionRoutes: readonly Route<Matching>[] = [
  {
    method: "GET",
    path: "/api/v1/matching/partitions",
    summary: "The engine shards of this instance with the hash of their state",
    access: "operator",
    answers: { 200: Type.Object({ partitions: Type.Array(PartitionView) }) },
    handle: async (matching) => {
      const owned = [...matching.programs].sort(([left], [right]) => left - right);
      const partitions: object[] = [];
      for (const [partition, program] of owned) {
        const stateHash = await stateHashOf(matching, program);
        partitions.push({ partition, ...program.figures(), stateHash });
      }
      return { status: 200, body: { partitions } };
    },
  },
];
