import type { Reason } from "./refusals.ts";

/**
 * backward: readers of the new version read what the old one wrote, which stays in the topics. forward: readers of the
 * old version read what the new one writes, so that writers may be upgraded before them.
 */
export type Direction = "backward" | "forward";
export type Mode = Direction | "full";

export interface Rule {
  readonly name: string;
  readonly breaks: Mode;
  readonly meaning: string;
  /** What to do about it. */
  readonly advice: string;
}

const NEW_NAME = "or write it as an event of a new name";
const READERS_FIRST = "upgrade every reader before the writer";

function rule(name: string, breaks: Mode, meaning: string, advice: string): Rule {
  return { name, breaks, meaning, advice };
}

/** What a refusal is called, by the direction in which it was found. */
export const FIELD_RULES: Readonly<Record<Reason, Readonly<Record<Direction, Rule>>>> = {
  required: {
    backward: rule(
      "required_added",
      "backward",
      "new readers require a field that the old version may lack",
      `make it optional, ${NEW_NAME}`,
    ),
    forward: rule(
      "required_removed",
      "forward",
      "old readers require a field that the new version may lack",
      `keep the field required, or ${READERS_FIRST}`,
    ),
  },
  type: {
    backward: rule(
      "type_narrowed",
      "backward",
      "new readers refuse a type that the old version wrote",
      `keep the old type beside the new one in a union, ${NEW_NAME}`,
    ),
    forward: rule(
      "type_widened",
      "forward",
      "old readers refuse a type that the new version writes",
      `add a new field for the new type, or ${READERS_FIRST}`,
    ),
  },
  values: {
    backward: rule(
      "enum_shrunk",
      "backward",
      "new readers refuse a value that the old version wrote",
      "keep the value in the list, even where it is never written again",
    ),
    forward: rule(
      "enum_grown",
      "forward",
      "old readers refuse a value that the new version writes",
      READERS_FIRST,
    ),
  },
  bound: {
    backward: rule(
      "bound_tightened",
      "backward",
      "new readers refuse a size that the old version wrote",
      "keep the old bound in the schema and check the tighter one where the event is made",
    ),
    forward: rule(
      "bound_loosened",
      "forward",
      "old readers refuse a size that the new version writes",
      READERS_FIRST,
    ),
  },
  pattern: {
    backward: rule(
      "pattern_changed",
      "backward",
      "new readers may refuse a text that the old version wrote",
      `keep the old pattern as a branch of a union, ${NEW_NAME}`,
    ),
    forward: rule(
      "pattern_changed",
      "forward",
      "old readers may refuse a text that the new version writes",
      READERS_FIRST,
    ),
  },
  closed: {
    backward: rule(
      "content_closed",
      "backward",
      "new readers forbid what the old version wrote",
      "leave the object open: readers ignore what they don't know (R12)",
    ),
    forward: rule(
      "content_opened",
      "forward",
      "old readers forbid what the new version writes",
      READERS_FIRST,
    ),
  },
  untold: {
    backward: rule(
      "not_comparable",
      "backward",
      "new readers say something that can't be compared",
      "say it with the keywords that the table of rules knows",
    ),
    forward: rule(
      "not_comparable",
      "forward",
      "old readers say something that can't be compared",
      "say it with the keywords that the table of rules knows",
    ),
  },
};

/** About events and topics as a whole. */
export const EVENT_RULES = {
  eventRemoved: rule(
    "event_removed",
    "backward",
    "records of the event may still be in the topic, and an unknown event type stops its readers (R12)",
    "keep the contract: an event that was written once stays readable",
  ),
  eventAdded: rule(
    "event_added",
    "forward",
    "an event type that old readers don't know stops them (R12)",
    READERS_FIRST,
  ),
  versionNotRaised: rule(
    "version_not_raised",
    "full",
    "the schema has changed under the same version",
    "raise `version` by one and add its golden file",
  ),
  versionLowered: rule(
    "version_lowered",
    "full",
    "an older version has a higher number",
    "a version only goes up: raise it past the highest on record",
  ),
  versionMissing: rule(
    "version_missing",
    "backward",
    "a version that was written is no longer on record",
    "bring its file back: what was written stays readable",
  ),
  topicRemoved: rule(
    "topic_removed",
    "backward",
    "its records may still be there",
    "keep the topic in the catalogue until its records have run out",
  ),
  partitionsChanged: rule(
    "partitions_changed",
    "full",
    "keys would lie in other partitions (R3)",
    "make a new topic version, after a drain",
  ),
} as const satisfies Readonly<Record<string, Rule>>;

/** Whether a rule that breaks this direction fails a check in that mode. */
export function isBreach(breaks: Mode, mode: Mode): boolean {
  return breaks === "full" || mode === "full" || breaks === mode;
}

/** All of them. */
export const COMPATIBILITY_RULES: readonly Rule[] = [
  ...Object.values(FIELD_RULES).flatMap(({ backward, forward }) => [backward, forward]),
  ...Object.values(EVENT_RULES),
];
