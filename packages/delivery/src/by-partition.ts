import type { TopicPartition } from "@bourse/bus";

/** Things by topic and partition, found without putting a text together. Partitions are counted from 0. */
export class ByPartition<Thing> {
  readonly #topics = new Map<string, (Thing | undefined)[]>();

  get({ topic, partition }: TopicPartition): Thing | undefined {
    return this.#topics.get(topic)?.[partition];
  }

  has(at: TopicPartition): boolean {
    return this.get(at) !== undefined;
  }

  set({ topic, partition }: TopicPartition, thing: Thing): void {
    let things = this.#topics.get(topic);
    if (things === undefined) {
      things = [];
      this.#topics.set(topic, things);
    }
    while (things.length < partition) things.push(undefined);
    things[partition] = thing;
  }

  delete({ topic, partition }: TopicPartition): void {
    const things = this.#topics.get(topic);
    if (things !== undefined && partition < things.length) things[partition] = undefined;
  }

  clear(): void {
    this.#topics.clear();
  }

  *values(): Generator<Thing> {
    for (const things of this.#topics.values())
      for (const thing of things) if (thing !== undefined) yield thing;
  }
}
