import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "./cluster.ts";
import { KafkaCode } from "./failure.ts";
import { moveGroup } from "./move-group.ts";

/** A coordinator that describes the group so. */
function describing(group: { readonly errorCode: number; readonly groupState: string }): Cluster {
  const connection = { call: async () => ({ groups: [{ ...group, members: [] }], topics: [] }) };
  const cluster: Pick<Cluster, "access"> & { readonly coordinator: () => Promise<unknown> } = {
    coordinator: async () => connection,
    access: (operation, resource) => ({ principal: "User:me", operation, resource }),
  };
  return cluster as unknown as Cluster;
}

for (const [name, errorCode, expected] of [
  ["still loads", KafkaCode.COORDINATOR_LOAD_IN_PROGRESS, { code: "bus_unavailable", retryable: true }],
  ["is another one by now", KafkaCode.NOT_COORDINATOR, { code: "bus_unavailable", retryable: true }],
  [
    "does not let this client see it",
    KafkaCode.GROUP_AUTHORIZATION_FAILED,
    { code: "bus_refused", message: /^User:me may not DESCRIBE group g/ },
  ],
] as const)
  test(`a group whose coordinator ${name} is not called one with members`, async () => {
    await assert.rejects(moveGroup(describing({ errorCode, groupState: "" }), "g", []), expected);
  });

test("a group that has members is not moved, and one that is not there is", async () => {
  const inUse = describing({ errorCode: KafkaCode.NONE, groupState: "Stable" });
  await assert.rejects(moveGroup(inUse, "g", []), { code: "bus_refused", message: /group g is Stable/ });
  await moveGroup(describing({ errorCode: KafkaCode.NONE, groupState: "Dead" }), "g", []);
  await moveGroup(describing({ errorCode: KafkaCode.GROUP_ID_NOT_FOUND, groupState: "" }), "g", []);
});
