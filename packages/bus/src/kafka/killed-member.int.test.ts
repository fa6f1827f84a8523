import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { records, takeCount, values } from "../conformance-suite.ts";
import { kafkaSkip, testKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = await kafkaSkip(process.env, "any");
/** The least that a broker with default settings allows. */
const SESSION_TIMEOUT_MS = 6000;

test("after kill -9 of a member another gets its partitions when the session ends", {
  skip: skip ?? false,
  timeout: 180_000,
}, async () => {
  const { bootstrapServers, remove } = await testKafka(process.env);
  const bus = kafkaBus({ bootstrapServers, clientId: "test" });
  const topic = `killed-member-${process.pid}-${process.hrtime.bigint()}`;
  try {
    await bus.ensureTopics([{ name: topic, partitions: 2, retentionMs: -1 }]);
    const script = fileURLToPath(new URL("./consume-forever.fixture.ts", import.meta.url));
    const member = spawn(
      process.execPath,
      [script, bootstrapServers, topic, topic, String(SESSION_TIMEOUT_MS)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const took = once(createInterface({ input: member.stdout }), "line");
    await bus.send([0, 1].map((partition) => ({ topic, partition, records: records(3) })));
    await took;
    member.kill("SIGKILL");
    await once(member, "exit");

    const consumer = await bus.consume({
      group: topic,
      topics: [topic],
      onAssigned: async () => new Map(),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    });
    const taken = await takeCount(consumer, 6);
    for (const partition of [0, 1]) {
      assert.deepEqual(values(taken.filter((each) => each.partition === partition)), ["0", "1", "2"]);
    }
    assert.equal((await bus.groups()).find(({ group }) => group === topic)?.members, 1);
    await consumer.close();
  } finally {
    await bus.close();
    await remove();
  }
});
