import { BusError } from "../bus-error.ts";
import { AclOperations, describeGroupsV5, metadataV12 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { type Access, brokerError, denied, KafkaCode } from "./failure.ts";

/** What a client is about to do: names of topics and groups. */
export interface AccessNeeds {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly groups: readonly string[];
}

const LIMIT_MS = 10_000;
/** The brokers did not say. */
const UNKNOWN = -2_147_483_648;

/**
 * Asks the brokers what this client may do. Throws `bus_refused` naming principal, operation and resource of everything
 * that is missing, so that a service without its ACLs does not start. Brokers without an authorizer allow everything.
 */
export async function requireAccess(cluster: Cluster, needs: AccessNeeds): Promise<void> {
  const missing = [...(await missingOfTopics(cluster, needs)), ...(await missingOfGroups(cluster, needs))];
  if (missing.length === 0) return;
  throw new BusError("bus_refused", missing.map((access) => denied(access).message).join("; "), {
    retryable: false,
  });
}

async function missingOfTopics(cluster: Cluster, { writes, reads }: AccessNeeds): Promise<readonly Access[]> {
  const names = [...new Set([...writes, ...reads])];
  if (names.length === 0) return [];
  const connection = await cluster.anyConnection("control");
  const { topics } = await connection.call(metadataV12.api, LIMIT_MS, names, false, true);
  return topics.flatMap(({ name, errorCode, topicAuthorizedOperations }) => {
    const resource = `topic ${name}`;
    if (errorCode === KafkaCode.TOPIC_AUTHORIZATION_FAILED) return [cluster.access("DESCRIBE", resource)];
    const wanted = [
      ...(reads.includes(name ?? "") ? (["READ"] as const) : []),
      ...(writes.includes(name ?? "") ? (["WRITE"] as const) : []),
    ];
    return wanted
      .filter((operation) => !allows(topicAuthorizedOperations, operation))
      .map((operation) => cluster.access(operation, resource));
  });
}

async function missingOfGroups(cluster: Cluster, { groups }: AccessNeeds): Promise<readonly Access[]> {
  const found = await Promise.all(
    groups.map(async (group): Promise<readonly Access[]> => {
      const access = cluster.access("READ", `group ${group}`);
      const connection = await cluster.coordinator(group, "control");
      const [described] = (await connection.call(describeGroupsV5.api, LIMIT_MS, [group], true)).groups;
      const code = described?.errorCode ?? KafkaCode.COORDINATOR_NOT_AVAILABLE;
      if (code === KafkaCode.GROUP_AUTHORIZATION_FAILED) return [access];
      if (code !== KafkaCode.NONE) throw brokerError(code, `the group ${group}`, access);
      return allows(described?.authorizedOperations ?? UNKNOWN, "READ") ? [] : [access];
    }),
  );
  return found.flat();
}

/** A bit for each operation, by its number in the protocol. */
function allows(operations: number, operation: "READ" | "WRITE"): boolean {
  return operations === UNKNOWN || (operations & (1 << AclOperations[operation])) !== 0;
}
