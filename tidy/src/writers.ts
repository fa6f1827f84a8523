import { posix } from "node:path";
import type { Topic } from "@bourse/contracts";
import type { Violation } from "./repository.ts";

/** What the rule on writers wants to know of a service's definition. */
export interface Publisher {
  readonly name: string;
  readonly publishes: readonly Pick<Topic, "name">[];
}

type TopicWriters = Pick<Topic, "name" | "family"> & {
  readonly events: readonly { readonly eventType: string; readonly writer: string }[];
};

/** R2: trade-events has matching's TradeExecuted and wallet's TradeSettled; every other topic has one writer. */
const SECOND_WRITERS: Readonly<Record<string, readonly string[]>> = {
  "trade-events": ["matching", "wallet"],
};

/**
 * One writer per event type, and the definitions' `publishes` say the same as the catalogue (R2). Dead letters, which
 * every consumer may write, and audits, which every service has, are derived: no definition lists them.
 */
export function checkWriters(
  catalogue: readonly TopicWriters[],
  publishers: readonly Publisher[],
): readonly Violation[] {
  const defined = catalogue.filter(({ family }) => family === undefined);
  const derived = catalogue.filter(({ family }) => family !== undefined);
  return [
    ...repeated(catalogue.map(({ name }) => name)).map((name) => inCatalogue(`${name} is there twice`)),
    ...eventTypeFaults(defined),
    ...defined.flatMap((topic) => topicFaults(topic, publishers)),
    ...publishers.flatMap((publisher) => listedByHand(publisher, derived)),
    ...publishers.flatMap((publisher) => unknownTopics(publisher, catalogue)),
  ];
}

function eventTypeFaults(catalogue: readonly TopicWriters[]): readonly Violation[] {
  return repeated(catalogue.flatMap(({ events }) => events.map(({ eventType }) => eventType))).map(
    (eventType) =>
      inCatalogue(`${eventType} is in the catalogue twice: an event type has one topic and one writer`),
  );
}

function topicFaults(topic: TopicWriters, publishers: readonly Publisher[]): readonly Violation[] {
  const writers = [...new Set(topic.events.map(({ writer }) => writer))].sort();
  const declared = publishers
    .filter(({ publishes }) => publishes.some(({ name }) => name === topic.name))
    .map(({ name }) => name);
  const tooMany = writers.length > 1 && SECOND_WRITERS[topic.name]?.join() !== writers.join();
  return [
    ...(tooMany ? [inCatalogue(`${topic.name} has the writers ${writers.join(", ")}: a topic has one`)] : []),
    ...writers
      .filter((writer) => !declared.includes(writer))
      .map((writer) => inService(writer, `writes events of ${topic.name} and does not publish it`)),
    ...declared
      .filter((name) => !writers.includes(name))
      .map((name) => inService(name, `publishes ${topic.name} and writes no event of it`)),
  ];
}

function listedByHand(
  { name, publishes }: Publisher,
  derived: readonly TopicWriters[],
): readonly Violation[] {
  return publishes
    .filter((topic) => derived.some((known) => known.name === topic.name))
    .map((topic) => inService(name, `publishes ${topic.name}, which is derived from what it consumes`));
}

function unknownTopics(
  { name, publishes }: Publisher,
  catalogue: readonly TopicWriters[],
): readonly Violation[] {
  return publishes
    .filter((topic) => !catalogue.some((known) => known.name === topic.name))
    .map((topic) => inService(name, `publishes ${topic.name}, which is not in the catalogue`));
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function inCatalogue(rule: string): Violation {
  return { path: "packages/contracts/src/catalogue.ts", rule };
}

function inService(name: string, rule: string): Violation {
  return { path: posix.join("services", name, "src/service.ts"), rule };
}
