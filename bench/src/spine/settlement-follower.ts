import { GatewayClient } from "./gateway-client.ts";
import type { Desk } from "./order-requests.ts";
import { untilQuiet } from "./quiet.ts";
import { type SettledTrade, TradeLog, type TradeRecord } from "./trade-log.ts";

const TOPIC = "trade-events";
const WAIT_MS = 1_000;
const MAX_RECORDS = 5_000;
/** For each partition's long poll, and for other questions. */
const CONNECTIONS = 12;

export interface SettledTrades {
  readonly settled: readonly SettledTrade[];
  /** Executed, and not settled although the platform is quiet. */
  readonly unsettled: number;
}

export interface SettlementFollower {
  /** Never resolves; rejects when following has failed. */
  readonly failed: Promise<never>;
  /** Reads on until the platform has nothing left to do, and to the end of every partition. */
  finish(): Promise<SettledTrades>;
  close(): Promise<void>;
}

interface Topics {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partition: number; readonly latest: string }[];
  }[];
}

interface Page {
  readonly records: readonly TradeRecord[];
  readonly nextOffset: string;
}

/**
 * Tells when a client knows of settlements: it tails the topic through the gateway, with a long poll on each partition,
 * from its present end on.
 */
export async function followSettlements(desk: Desk): Promise<SettlementFollower> {
  const gateway = new GatewayClient({
    url: desk.gatewayUrl,
    key: desk.operatorKey,
    connections: CONNECTIONS,
  });
  const log = new TradeLog();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const tails = (await endsOf(gateway)).map(
    ({ partition, latest }) => new Tail(gateway, log, partition, latest),
  );
  for (const tail of tails) tail.run().catch(failed.reject);
  return {
    failed: failed.promise,
    async finish() {
      await Promise.race([untilQuiet(gateway), failed.promise]);
      const ends = new Map((await endsOf(gateway)).map(({ partition, latest }) => [partition, latest]));
      await Promise.race([
        Promise.all(tails.map((tail) => tail.finishAt(ends.get(tail.partition) ?? 0n))),
        failed.promise,
      ]);
      return { settled: log.settled, unsettled: log.unsettled };
    },
    close: () => gateway.close(),
  };
}

/** In the place of a follower where nothing is settled. */
export function withoutSettlements(): SettlementFollower {
  return {
    failed: new Promise(() => {}),
    finish: () => Promise.resolve({ settled: [], unsettled: 0 }),
    close: () => Promise.resolve(),
  };
}

class Tail {
  readonly partition: number;
  readonly #gateway: GatewayClient;
  readonly #log: TradeLog;
  readonly #finished = Promise.withResolvers<void>();
  #offset: bigint;
  #endOffset: bigint | null = null;

  constructor(gateway: GatewayClient, log: TradeLog, partition: number, from: bigint) {
    this.#gateway = gateway;
    this.#log = log;
    this.partition = partition;
    this.#offset = from;
  }

  async run(): Promise<void> {
    while (this.#endOffset === null || this.#offset < this.#endOffset) {
      const text = await this.#gateway.text(
        "GET",
        `/api/v1/platform/topics/${TOPIC}/records?partition=${this.partition}&from=${this.#offset}&limit=${MAX_RECORDS}&waitMs=${WAIT_MS}`,
      );
      const receivedMs = performance.now();
      const { records, nextOffset } = JSON.parse(text) as Page;
      this.#log.add(records, receivedMs);
      this.#offset = BigInt(nextOffset);
    }
    this.#finished.resolve();
  }

  finishAt(endOffset: bigint): Promise<void> {
    this.#endOffset = endOffset;
    return this.#finished.promise;
  }
}

async function endsOf(
  gateway: GatewayClient,
): Promise<readonly { readonly partition: number; readonly latest: bigint }[]> {
  const { topics } = await gateway.get<Topics>("/api/v1/platform/topics");
  const partitions = topics.find(({ name }) => name === TOPIC)?.partitions ?? [];
  return partitions.map(({ partition, latest }) => ({ partition, latest: BigInt(latest) }));
}
