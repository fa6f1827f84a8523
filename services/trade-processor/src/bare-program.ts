import type { ChunkSlice } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { readInBulk } from "@bourse/delivery";
import { Registry } from "prom-client";
import { USUAL_INSTRUMENTS } from "./config.ts";
import { TradeProgram } from "./consumers/trade-program.ts";
import { InstrumentTable, readInstruments } from "./domain/trade-instruments.ts";
import { processorMetrics } from "./metrics.ts";
import { RECENT_TRADES } from "./trade-processor.ts";

/** A processor without its database: numbers, validation, positions and rows, which go nowhere. For benchmarks. */
export interface BareProgram {
  /** What `takeChunks` is asked to find. */
  readonly headers: readonly string[];
  /** Answers how many trades were processed. */
  take(slices: readonly ChunkSlice[]): Promise<number>;
}

export function bareProgram(topic: Topic): BareProgram {
  const instruments = new InstrumentTable(readInstruments(USUAL_INSTRUMENTS) ?? []);
  const service = {
    clock: { nowMs: () => 0 },
    store: null as never,
    method: "AVERAGE",
    instruments,
    maxAheadMs: Number.MAX_SAFE_INTEGER,
    sink: null,
    metrics: processorMetrics(new Registry()),
    deadLetters: async () => 0,
  } as const;
  const program = new TradeProgram(service, RECENT_TRADES);
  const reader = readInBulk(topic);
  return {
    headers: reader.headers,
    take: async (slices) => {
      const batch = reader.judge(slices);
      const tools = { nowMs: 0, isCareful: false, query: async () => [] };
      const { parked } = await program.prepare(batch, tools);
      reader.prepared(slices, batch.count);
      return batch.count - parked.length;
    },
  };
}
