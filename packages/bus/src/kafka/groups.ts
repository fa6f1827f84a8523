import type { GroupInfo } from "../port.ts";
import { describeGroupsV5, listGroupsV4 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, KafkaCode } from "./failure.ts";
import { committedOffsets } from "./hint-committer.ts";

const LIMIT_MS = 10_000;

/** Every group that some broker coordinates, with its members and committed offsets. */
export async function listGroups(cluster: Cluster): Promise<readonly GroupInfo[]> {
  await cluster.refresh();
  const perNode = await Promise.all(cluster.nodes.map((node) => groupsOf(cluster, node)));
  return perNode.flat().sort((a, b) => (a.group < b.group ? -1 : 1));
}

async function groupsOf(cluster: Cluster, node: number): Promise<readonly GroupInfo[]> {
  const connection = await cluster.connection(node, "control");
  const listed = await connection.call(listGroupsV4.api, LIMIT_MS, [], []);
  if (listed.errorCode !== KafkaCode.NONE)
    throw brokerError(listed.errorCode, "listing the groups", cluster.access("DESCRIBE", "cluster"));
  const names = listed.groups.map(({ groupId }) => groupId);
  if (names.length === 0) return [];
  const described = await connection.call(describeGroupsV5.api, LIMIT_MS, names, false);
  return Promise.all(
    described.groups
      .filter(({ errorCode }) => errorCode === KafkaCode.NONE)
      .map(async ({ groupId, groupState, members }) => ({
        group: groupId,
        state: groupState,
        members: members.length,
        offsets: await committedOffsets(cluster, groupId, "all"),
      })),
  );
}
