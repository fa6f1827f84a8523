import type { TopicPartition } from "../topic-partition.ts";

/** What a program that knows nothing of Bourse writes: any bytes, or a record without a value (a tombstone). */
export interface ForeignRecord extends TopicPartition {
  readonly key?: string;
  readonly value: Uint8Array | null;
}

/** For tests: records as a foreign client writes them, with the library's own producer. Most tests that could never do. */
export async function sendForeign(
  bootstrapServers: string,
  records: readonly ForeignRecord[],
): Promise<void> {
  const { Producer } = await import("@platformatic/kafka");
  const producer = new Producer({ clientId: "foreign", bootstrapBrokers: [bootstrapServers] });
  const messages = records.map(({ topic, partition, key, value }) => ({
    topic,
    partition,
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
    ...(value === null ? {} : { value: Buffer.from(value) }),
  }));
  try {
    await producer.send({ messages, acks: -1 });
  } finally {
    await producer.close();
  }
}
