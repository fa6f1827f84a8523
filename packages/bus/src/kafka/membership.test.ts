import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster } from "./cluster.ts";
import { KafkaCode } from "./failure.ts";
import { joinGroup } from "./membership.ts";

const MEMBER_ID = 3;

test("a member that is told its id for ever waits before it joins again", { timeout: 60_000 }, async (t) => {
  /** The ids of the requests, by the look for the coordinator that they followed: before it the member waits. */
  const joins: string[][] = [];
  const joinedOften = Promise.withResolvers<void>();
  const call = async (_api: unknown, _limitMs: number, ...request: readonly unknown[]): Promise<unknown> => {
    await setImmediate();
    joins.at(-1)?.push(String(request[MEMBER_ID]));
    if (joins.flat().length === 6) joinedOften.resolve();
    return { errorCode: KafkaCode.MEMBER_ID_REQUIRED, memberId: "m" };
  };
  const known: Partial<Cluster> = {
    coordinator: async () => {
      joins.push([]);
      return { usable: true, call } as unknown as BrokerConnection;
    },
    disconnect: () => undefined,
    access: (operation, resource) => ({ principal: "this client", operation, resource }),
  };
  const membership = joinGroup({
    cluster: known as Cluster,
    group: "g",
    topics: ["t"],
    sessionTimeoutMs: 10_000,
    name: "test",
    onLost: () => undefined,
    onGiven: () => undefined,
    onHeartbeat: () => undefined,
    onRefused: (error) => assert.fail(error),
  });
  t.after(() => membership.close());
  await joinedOften.promise;
  assert.deepEqual(joins.slice(0, 3), [
    ["", "m"],
    ["m", "m"],
    ["m", "m"],
  ]);
});
