import { answerOf, type BourseClient } from "@bourse/sdk";
import type { MessageFilter } from "./message-filter.ts";
import { type Message, messagesSince } from "./messages.ts";

/** What comes to a topic from its first look on. */
export class LiveReader {
  readonly #client: BourseClient;
  readonly #topic: string;
  readonly #filter: MessageFilter;
  readonly #next = new Map<number, string>();
  #isFirst = true;
  #passedOver = 0;

  constructor(client: BourseClient, topic: string, filter: MessageFilter) {
    this.#client = client;
    this.#topic = topic;
    this.#filter = filter;
  }

  /** How many records were not looked at, since more came than can be. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** One look at the ends, then at what has grown. Each partition's are told at once: the next one's may fail. */
  async look(signal: AbortSignal, came: (messages: readonly Message[]) => void): Promise<void> {
    const { topics } = await answerOf(this.#client.GET("/api/v1/platform/topics", { signal }));
    const { partitions = [], error = null } = topics.find(({ name }) => name === this.#topic) ?? {};
    if (error !== null) throw new Error(error);
    const { partition: only } = this.#filter;
    const wanted = partitions.filter(({ partition }) => only === undefined || partition === only);
    for (const { partition, latest } of wanted) {
      if (!this.#next.has(partition)) this.#next.set(partition, this.#isFirst ? latest : "0");
    }
    this.#isFirst = false;
    for (const { partition, latest } of wanted) {
      const from = this.#next.get(partition) ?? latest;
      if (BigInt(from) >= BigInt(latest)) continue;
      const about = { partition, from, filter: this.#filter, signal };
      const { messages, nextOffset, isFull } = await messagesSince(this.#client, this.#topic, about);
      // More comes than is read at a look: it would be ever further behind, and called live.
      const goesOnAt = isFull && BigInt(nextOffset) < BigInt(latest) ? latest : nextOffset;
      this.#next.set(partition, goesOnAt);
      this.#passedOver += Number(BigInt(goesOnAt) - BigInt(nextOffset));
      if (messages.length > 0) came(messages);
    }
  }
}
