/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** As a key of maps. */
export function topicPartitionKey(at: TopicPartition): string {
  return `${at.topic}/${at.partition}`;
}
