import { retrying } from "./backoff.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import {
  type Acl,
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  deleteAclsV3,
  describeAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
} from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { type AccessOperation, brokerError, KafkaCode, unavailable } from "./failure.ts";

/** One thing that a principal may do, from anywhere. What no rule allows is refused. */
export interface AccessRule {
  /** `User:bourse-order`. */
  readonly principal: string;
  readonly operation: AccessOperation;
  readonly resource: "topic" | "group" | "cluster";
  /** Of the cluster: `kafka-cluster`. */
  readonly name: string;
  /** `prefixed`: everything whose name begins so. */
  readonly pattern: "literal" | "prefixed";
}

export interface AppliedRules {
  readonly added: readonly AccessRule[];
  readonly removed: readonly AccessRule[];
  readonly kept: number;
}

const LIMIT_MS = 15_000;
const ANYWHERE = "*";
const RESOURCES = { topic: ResourceTypes.TOPIC, group: ResourceTypes.GROUP, cluster: ResourceTypes.CLUSTER };
const PATTERNS = { literal: ResourcePatternTypes.LITERAL, prefixed: ResourcePatternTypes.PREFIXED };

/**
 * Makes the brokers' rules of these principals what is given, and waits until every broker goes by them: others of theirs
 * are taken away, those of other principals stay. Throws {@link BusError}; `bus_refused` where the brokers have no authorizer.
 */
export async function applyAccessRules(
  cluster: Cluster,
  wanted: readonly AccessRule[],
  principals: readonly string[],
): Promise<AppliedRules> {
  const connection = await cluster.anyConnection("control");
  const present = await rulesOfAll(cluster, connection, principals);
  const presentKeys = new Set(present.map(keyOf));
  const wantedKeys = new Set(wanted.map((rule) => keyOf(aclOf(rule))));
  const added = wanted.filter((rule) => !presentKeys.has(keyOf(aclOf(rule))));
  const extra = present.filter((acl) => !wantedKeys.has(keyOf(acl)));
  if (added.length > 0) await create(cluster, connection, added);
  // What is no longer allowed goes last: who is renamed is never without both.
  if (extra.length > 0) await remove(cluster, connection, extra);
  await whenInForce(cluster, wanted, principals);
  return { added, removed: extra.flatMap((acl) => ruleOf(acl) ?? []), kept: wanted.length - added.length };
}

/** The controller answers once the rules are written; each broker reads of them a moment later. */
export async function whenInForce(
  cluster: Cluster,
  wanted: readonly AccessRule[],
  principals: readonly string[],
): Promise<void> {
  const wantedKeys = new Set(wanted.map((rule) => keyOf(aclOf(rule))));
  await retrying(AbortSignal.timeout(LIMIT_MS), async () => {
    await cluster.refresh();
    await Promise.all(
      cluster.nodes.map(async (node) => {
        const connection = await cluster.connection(node, "control");
        const keys = new Set((await rulesOfAll(cluster, connection, principals)).map(keyOf));
        if (keys.symmetricDifference(wantedKeys).size === 0) return;
        throw unavailable(`the broker ${node} does not go by all ACLs yet`);
      }),
    );
  });
}

async function rulesOfAll(
  cluster: Cluster,
  connection: BrokerConnection,
  principals: readonly string[],
): Promise<readonly Acl[]> {
  const rules = await Promise.all(principals.map((each) => rulesOf(cluster, connection, each)));
  return rules.flat();
}

async function rulesOf(
  cluster: Cluster,
  connection: BrokerConnection,
  principal: string,
): Promise<readonly Acl[]> {
  const answer = await connection.call(describeAclsV3.api, LIMIT_MS, {
    resourceType: ResourceTypes.ANY,
    resourceName: null,
    resourcePatternType: ResourcePatternTypes.ANY,
    principal,
    host: null,
    operation: AclOperations.ANY,
    permissionType: AclPermissionTypes.ANY,
  });
  if (answer.errorCode !== KafkaCode.NONE)
    throw brokerError(
      answer.errorCode,
      `the ACLs of ${principal}${answer.errorMessage === null ? "" : ` (${answer.errorMessage})`}`,
      cluster.access("DESCRIBE", "cluster"),
    );
  return answer.resources.flatMap(({ acls, ...target }) => acls.map((acl) => ({ ...target, ...acl })));
}

async function create(
  cluster: Cluster,
  connection: BrokerConnection,
  rules: readonly AccessRule[],
): Promise<void> {
  const { results } = await connection.call(createAclsV3.api, LIMIT_MS, rules.map(aclOf));
  for (const [index, { errorCode, errorMessage }] of results.entries()) {
    if (errorCode === KafkaCode.NONE) continue;
    const rule = rules[index];
    const what = `the ACL ${rule?.principal} ${rule?.operation} ${rule?.name} (${errorMessage})`;
    throw brokerError(errorCode, what, cluster.access("ALTER", "cluster"));
  }
}

async function remove(cluster: Cluster, connection: BrokerConnection, acls: readonly Acl[]): Promise<void> {
  const { filterResults } = await connection.call(deleteAclsV3.api, LIMIT_MS, [...acls]);
  const failed = filterResults.find(({ errorCode }) => errorCode !== KafkaCode.NONE);
  if (failed !== undefined)
    throw brokerError(failed.errorCode, "taking ACLs away", cluster.access("ALTER", "cluster"));
}

function aclOf({ principal, operation, resource, name, pattern }: AccessRule): Acl {
  return {
    principal,
    host: ANYWHERE,
    operation: AclOperations[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourceType: RESOURCES[resource],
    resourceName: name,
    resourcePatternType: PATTERNS[pattern],
  };
}

/** Undefined for what somebody else has made and this does not know. */
function ruleOf(acl: Acl): AccessRule | undefined {
  const operation = nameOf(AclOperations, acl.operation);
  const resource = nameOf(RESOURCES, acl.resourceType);
  const pattern = nameOf(PATTERNS, acl.resourcePatternType);
  if (operation === undefined || resource === undefined || pattern === undefined) return undefined;
  const { principal, resourceName: name } = acl;
  return { principal, operation: operation as AccessOperation, resource, name, pattern };
}

function nameOf<Name extends string>(names: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(names) as Name[]).find((name) => names[name] === value);
}

function keyOf(acl: Acl): string {
  const { principal, host, operation, permissionType, resourceType, resourceName, resourcePatternType } = acl;
  return JSON.stringify([
    principal,
    host,
    operation,
    permissionType,
    resourceType,
    resourceName,
    resourcePatternType,
  ]);
}
