import { Type } from "typebox";
import { Count, Timestamp } from "../fields.ts";
import type { Topic, Writer } from "../topic.ts";

/**
 * R6: the first record of a producer's new epoch in a partition, written by `bourse recover` after the producer's
 * database was restored. Any writer of a topic may write it there; it is delivery's own and no service is given it.
 * A consumer takes a higher epoch from this record only.
 */
export const EpochStarted = {
  eventType: "EpochStarted",
  version: 1,
  description:
    "The producer's database was restored: its numbers go on in a new epoch, behind its last one in this partition",
  schema: Type.Object({
    eventType: Type.Literal("EpochStarted"),
    timestamp: Timestamp,
    /** The same as in the record's header. */
    epoch: Count,
    previousEpoch: Count,
    /** The producer's last number in the partition, all of whose events stay valid. */
    previousSequence: Count,
    /** The last number that the restored database had: what lies between was imported or is reconciled by hand. */
    restoredSequence: Count,
  }),
} as const;

/** Who may write control records to a topic: its writers. */
export function writersOf(topic: Topic): readonly Writer[] {
  return [...new Set(topic.events.map(({ writer }) => writer))];
}

const RUN = /^generator-[a-z0-9][a-z0-9-]{0,47}$/;

/** The name in a record's producer header of a generator's run: lower-case letters, digits and hyphens. */
export function generatorProducer(run: string): string {
  return `generator-${run}`;
}

/** Does the producer in a record's header speak for one of these writers (R2)? */
export function speaksFor(producer: string, writers: readonly Writer[]): boolean {
  return (
    (writers as readonly string[]).includes(producer) || (writers.includes("generator") && RUN.test(producer))
  );
}
