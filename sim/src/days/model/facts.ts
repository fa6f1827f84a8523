import type { MemoryLog } from "../../bus/memory-log.ts";

/** An event as it stands in the log: read as text, without the platform's contracts. */
// biome-ignore lint/suspicious/noExplicitAny: an audit states the shape by what it reads
export type Fact = Readonly<Record<string, any>>;

/** All events of a topic, each number once (R5), in the order of their partitions. */
export function factsOf(log: MemoryLog, topic: string): readonly Fact[] {
  const facts: Fact[] = [];
  for (const { partition, records } of log.topic(topic).partitions) {
    const seen = new Set<string>();
    for (const { headers, value } of records) {
      const number = `${headers.producer}/${headers.epoch}/${headers.sequence}`;
      if (seen.has(number)) continue;
      seen.add(number);
      facts.push({ ...JSON.parse(value), partition, sequence: Number(headers.sequence) });
    }
  }
  return facts;
}

/** What the engine was told and what it made of it. */
export interface Facts {
  /** By order id. */
  readonly created: ReadonlyMap<string, Fact>;
  readonly commands: readonly Fact[];
  /** In the engine's order within a partition. */
  readonly trades: readonly Fact[];
  readonly reports: readonly Fact[];
  readonly fillsOf: (orderId: string) => readonly Fill[];
}

/** One side of a trade. */
export interface Fill {
  readonly trade: Fact;
  readonly side: "BUY" | "SELL";
  readonly own: Fact;
}

export function readFacts(log: MemoryLog): Facts {
  const commands = factsOf(log, "order-events");
  const trades = factsOf(log, "trade-events").filter(({ eventType }) => eventType === "TradeExecuted");
  const fills = new Map<string, Fill[]>();
  for (const trade of trades)
    for (const [side, own] of sidesOf(trade)) {
      const some = fills.get(own.orderId) ?? [];
      fills.set(own.orderId, some);
      some.push({ trade, side, own });
    }
  return {
    created: new Map(
      commands.filter(({ eventType }) => eventType === "OrderCreated").map((each) => [each.orderId, each]),
    ),
    commands,
    trades,
    reports: factsOf(log, "execution-events"),
    fillsOf: (orderId) => fills.get(orderId) ?? [],
  };
}

export function sidesOf(trade: Fact): readonly (readonly ["BUY" | "SELL", Fact])[] {
  return [
    ["BUY", trade.buyer],
    ["SELL", trade.seller],
  ];
}
