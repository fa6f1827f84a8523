/**
 * Where processed trades go instead of into the service's own database, which keeps marks, positions and what is parked
 * in any case. The service writes to the sink first and moves its marks after it: a crash between the two writes some
 * trades again, cut into other batches, and the sink drops what it has (R5).
 */
export interface TradeSink {
  readonly kind: "clickhouse" | "parquet";
  /** Resolves when all of it is durable. Of each source, rows come in the order of their places. */
  write(batch: SinkBatch): Promise<void>;
  /** Other instances have written meanwhile: what is known of the sink's own ends is read again. */
  forget(): void;
  close(): Promise<void>;
}

export interface SinkBatch {
  readonly runs: readonly SinkRun[];
}

/** A partition of a topic. One that is made anew has the name of the former, another id, and offsets from 0 on. */
export interface SinkPlace {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** The trades of a batch that lie in one partition of a topic, by their offsets. */
export interface SinkRun extends SinkPlace {
  /** Of the first and the last record that was looked at; not all of them are trades. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly rows: readonly SinkRow[];
}

/** A trade with what came of it. Amounts are decimal strings; the position is the one after the trade. */
export interface SinkRow {
  readonly offset: number;
  readonly clientId: string;
  readonly tradeId: string;
  readonly leg: number;
  readonly orderId: string | null;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
  readonly notional: string;
  readonly fee: string;
  readonly realised: string;
  readonly positionQuantity: string;
  readonly positionCost: string;
  readonly tradeMs: number;
}
