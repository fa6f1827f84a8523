import type { MemoryLog } from "../../bus/memory-log.ts";

/** An event as it stands in the log: read as text, without the platform's contracts. */
// biome-ignore lint/suspicious/noExplicitAny: an audit states the shape by what it reads
export type Fact = Readonly<Record<string, any>>;

/**
 * All events of a topic, partition by partition: each number once (R5), and a writer's in the order of its numbers, since
 * those that a log lost come behind later ones.
 */
export function factsOf(log: MemoryLog, topic: string): readonly Fact[] {
  return log.topic(topic).partitions.flatMap(({ partition, records }) => {
    const places: string[] = [];
    const numbered = new Map<string, Map<number, Fact>>();
    for (const { headers, value } of records) {
      const writer = `${headers.producer}/${headers.epoch}`;
      const sequence = Number(headers.sequence);
      const facts = numbered.get(writer) ?? new Map<number, Fact>();
      numbered.set(writer, facts);
      if (facts.has(sequence)) continue;
      places.push(writer);
      facts.set(sequence, { ...JSON.parse(value), partition, sequence });
    }
    const inOrder = new Map(
      [...numbered].map(([writer, facts]) => [
        writer,
        [...facts.values()].sort((a, b) => a.sequence - b.sequence).values(),
      ]),
    );
    return places.map((writer) => inOrder.get(writer)?.next().value as Fact);
  });
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
