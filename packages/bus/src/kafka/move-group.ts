import { BusError } from "../bus-error.ts";
import { describeGroupsV5, offsetCommitV8 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { type CommitPosition, commitTopics } from "./commit-request.ts";
import { brokerError, KafkaCode } from "./failure.ts";

const LIMIT_MS = 10_000;
/** Nobody's: the broker takes it for an empty group only. */
const NO_GENERATION = -1;
const NO_MEMBER = "";
const WITHOUT_MEMBERS: ReadonlySet<string> = new Set(["Empty", "Dead"]);

/**
 * Sets the committed offsets of a group without members. Throws `bus_refused` where it has some: they would go on from
 * their own and commit over these.
 */
export async function moveGroup(
  cluster: Cluster,
  group: string,
  positions: readonly CommitPosition[],
): Promise<void> {
  const connection = await cluster.coordinator(group, "control");
  const described = await connection.call(describeGroupsV5.api, LIMIT_MS, [group], false);
  const {
    errorCode = KafkaCode.GROUP_ID_NOT_FOUND,
    groupState = "",
    members = [],
  } = described.groups[0] ?? {};
  const isThere = errorCode !== KafkaCode.GROUP_ID_NOT_FOUND;
  if (isThere && errorCode !== KafkaCode.NONE)
    throw brokerError(errorCode, `the group ${group}`, cluster.access("DESCRIBE", `group ${group}`));
  if (isThere && !WITHOUT_MEMBERS.has(groupState)) {
    throw new BusError(
      "bus_refused",
      `group ${group} is ${groupState} with ${members.length} members; stop them first, else they commit over it`,
      { retryable: false },
    );
  }
  const answer = await connection.call(
    offsetCommitV8.api,
    LIMIT_MS,
    group,
    NO_GENERATION,
    NO_MEMBER,
    null,
    commitTopics(positions),
  );
  for (const { name, partitions } of answer.topics) {
    const refused = partitions.find(({ errorCode }) => errorCode !== KafkaCode.NONE);
    if (refused === undefined) continue;
    const { errorCode, partitionIndex } = refused;
    const resource = errorCode === KafkaCode.GROUP_AUTHORIZATION_FAILED ? `group ${group}` : `topic ${name}`;
    const what = `moving group ${group} in ${name}/${partitionIndex}`;
    throw brokerError(errorCode, what, cluster.access("READ", resource));
  }
}
