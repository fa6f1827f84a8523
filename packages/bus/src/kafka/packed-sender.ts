import { type Backoff, backoff } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, isRefusal, KafkaCode, unavailable } from "./failure.ts";
import type { PackedBatch } from "./record-packer.ts";
import { produceApi } from "./requests.ts";

export interface SendPackedOptions {
  /** How long it is tried. An unknown outcome is sent again too: the records must bear numbers (R5). */
  readonly patienceMs: number;
  /** Told before each try after the first. */
  readonly onRetry?: (cause: unknown) => void;
}

const ALL_REPLICAS = -1;
/** Of one request: a broker that hangs is left for another connection. */
const REQUEST_LIMIT_MS = 10_000;

/**
 * Sends complete record batches with acks=all, all of one broker's in one request, and again what it is not known to have
 * written, with exponential backoff and full jitter. There is at most one batch for a partition, and its next one is sent
 * after this has resolved: so its order is kept. Rejects with what the broker refuses for good, and with the last
 * failure when patience is at its end: then some of it may be there.
 */
export async function sendPacked(
  cluster: Cluster,
  batches: readonly PackedBatch[],
  { patienceMs, onRetry, closing }: SendPackedOptions & { readonly closing: AbortSignal },
): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  let rest = batches;
  let pause: Backoff | undefined;
  for (;;) {
    const { failed, cause } = await sendOnce(cluster, rest);
    if (failed.length === 0) return;
    if (performance.now() >= deadlineMs || closing.aborted) throw cause;
    onRetry?.(cause);
    pause ??= backoff();
    await pause.wait(closing);
    await cluster.refresh().catch(() => undefined);
    rest = failed;
  }
}

interface Outcome {
  /** Not known to be written. */
  readonly failed: readonly PackedBatch[];
  readonly cause?: unknown;
}

async function sendOnce(cluster: Cluster, batches: readonly PackedBatch[]): Promise<Outcome> {
  const byLeader = new Map<number, PackedBatch[]>();
  for (const batch of batches) {
    const leader = cluster.knownTopic(batch.topic)?.leaders[batch.partition] ?? -1;
    const ofLeader = byLeader.get(leader);
    if (ofLeader === undefined) byLeader.set(leader, [batch]);
    else ofLeader.push(batch);
  }
  const outcomes = await Promise.all(
    [...byLeader].map(([leader, ofLeader]) =>
      leader < 0
        ? { failed: ofLeader, cause: unavailable(`${ofLeader[0]?.topic} has no leader`) }
        : sendTo(cluster, leader, ofLeader),
    ),
  );
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  return { failed, cause: outcomes.find((outcome) => outcome.failed.length > 0)?.cause };
}

async function sendTo(cluster: Cluster, node: number, batches: readonly PackedBatch[]): Promise<Outcome> {
  try {
    const connection = await cluster.connection(node, "bulk");
    const reply = await connection.call(produceApi, REQUEST_LIMIT_MS, {
      acks: ALL_REPLICAS,
      timeoutMs: REQUEST_LIMIT_MS,
      partitions: batches.map(({ topic, partition, bytes }) => ({ topic, partition, batch: bytes })),
    });
    const codes = new Map<string, number>(
      reply.responses.flatMap(({ name, partitionResponses }) =>
        partitionResponses.map(({ index, errorCode }) => [`${name}/${index}`, errorCode] as const),
      ),
    );
    const failed: PackedBatch[] = [];
    let cause: unknown;
    for (const batch of batches) {
      const place = `${batch.topic}/${batch.partition}`;
      const code = codes.get(place);
      if (code === KafkaCode.NONE) continue;
      cause =
        code === undefined
          ? unavailable(`${place} is not in the broker's answer`)
          : brokerError(code, `a send to ${place}`);
      if (code !== undefined && isRefusal(code)) throw new Refusal(cause);
      failed.push(batch);
    }
    return { failed, cause };
  } catch (cause) {
    if (cause instanceof Refusal) throw cause.reason;
    return { failed: batches, cause };
  }
}

/** Marks what no other try will change on its way through the catch above. */
class Refusal {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}
