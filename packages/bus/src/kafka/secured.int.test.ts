import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "../bus-error.ts";
import { records, takeCount } from "../conformance-suite.ts";
import type { PartitionReader } from "../port.ts";
import { kafkaCacheFolder, kafkaSkip, type SecureCluster, startSecureCluster } from "../testing.ts";
import { type AccessRule, whenInForce } from "./access-rules.ts";
import { clusterOf, type KafkaConnectionOptions } from "./cluster-of.ts";
import { type KafkaAdmin, kafkaAdmin } from "./kafka-admin.ts";
import { type KafkaBus, type KafkaBusOptions, kafkaBus } from "./kafka-bus.ts";
import { whenLetIn } from "./scram-users.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? opensslMissing();
/** Clients have to show their password again so often: they do when a fifth of it is left, which a slow machine must have. */
const SESSION_MS = 6000;
/** Who stood still for so long may have come too late for that: nothing is shown by what is rejected then. */
const HELD_UP_MS = 500;
const PASSWORD = "a-password-of-the-test";

function opensslMissing(): string | undefined {
  try {
    execFileSync("openssl", ["version"]);
    return undefined;
  } catch {
    return "there is no openssl to make a certificate with";
  }
}

function rule(principal: string, operation: AccessRule["operation"], topic: string): AccessRule {
  return { principal: `User:${principal}`, operation, resource: "topic", name: topic, pattern: "literal" };
}

function groupRule(principal: string): AccessRule {
  const name = `${principal}.`;
  return { principal: `User:${principal}`, operation: "READ", resource: "group", name, pattern: "prefixed" };
}

function refusal(...words: readonly RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof BusError, String(error));
    assert.equal(error.code, "bus_refused", error.message);
    assert.equal(error.retryable, false);
    for (const each of words) assert.match(error.message, each);
    assert.doesNotMatch(`${error.message} ${error.stack}`, new RegExp(PASSWORD));
    return true;
  };
}

async function takeUntil(consumer: Pick<PartitionReader, "take">, value: string): Promise<void> {
  while ((await takeCount(consumer, 1)).every((taken) => taken.value !== value));
}

describe("a broker with TLS, SCRAM and ACLs:", { skip: skip ?? false, timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "bus-secured-"));
  const opened: KafkaBus[] = [];
  let cluster: SecureCluster;
  let admin: KafkaAdmin;

  function open(username: string, options: Partial<KafkaBusOptions> = {}): KafkaBus {
    const bus = kafkaBus({
      bootstrapServers: cluster.bootstrapServers,
      clientId: "test",
      tls: { ca: cluster.authority },
      sasl: { mechanism: "SCRAM-SHA-512", username, password: PASSWORD },
      ...options,
    });
    opened.push(bus);
    return bus;
  }

  function adminOptions(): KafkaConnectionOptions {
    return {
      bootstrapServers: cluster.bootstrapServers,
      clientId: "admin",
      tls: { ca: cluster.authority },
      sasl: { mechanism: "SCRAM-SHA-512", ...cluster.admin },
    };
  }

  before(async () => {
    cluster = await startSecureCluster({
      folder,
      cacheFolder: kafkaCacheFolder(process.env),
      brokers: 1,
      extraProperties: [`connections.max.reauth.ms=${SESSION_MS}`],
    });
    admin = kafkaAdmin(adminOptions());
    await admin.ensureTopics(["mine", "theirs"].map((name) => ({ name, partitions: 1, retentionMs: -1 })));
    await admin.applyUsers([
      { username: "writer", password: PASSWORD, mechanism: "SCRAM-SHA-512" },
      { username: "reader", password: PASSWORD, mechanism: "SCRAM-SHA-256" },
    ]);
    await admin.applyAccessRules(
      [
        rule("writer", "WRITE", "mine"),
        rule("writer", "READ", "mine"),
        rule("reader", "READ", "mine"),
        groupRule("reader"),
      ],
      ["User:writer", "User:reader"],
    );
  });
  after(async () => {
    await Promise.all(opened.map((bus) => bus.close()));
    admin?.close();
    await cluster?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test("who is allowed to writes and reads, and stays connected when sessions end", async () => {
    const writer = open("writer");
    const reader = open("reader", {
      sasl: { mechanism: "SCRAM-SHA-256", username: "reader", password: PASSWORD },
    });
    await writer.requireAccess({ writes: ["mine"], reads: ["mine"], groups: [] });
    await reader.requireAccess({ writes: [], reads: ["mine"], groups: ["reader.positions"] });
    const consumer = await reader.consume({
      group: "reader.positions",
      topics: ["mine"],
      onAssigned: async () => new Map(),
    });
    let sent = 0;
    let [before, last] = [0, performance.now()];
    // A broker ends a connection whose session is over at its next request: its sends would be rejected.
    for (let end = last + 2 * SESSION_MS; performance.now() < end; sent += 10) {
      [before, last] = [last, performance.now()];
      try {
        await writer.send([{ topic: "mine", partition: 0, records: records(10, sent) }]);
        await takeUntil(consumer, String(sent + 9));
      } catch (error) {
        if (performance.now() - before < HELD_UP_MS) throw error;
        end = performance.now() + 2 * SESSION_MS;
      }
    }
    assert.ok(sent > 10);
  });

  test("who writes to another's topic is refused, and told who may not do what", async () => {
    const writer = open("writer");
    await assert.rejects(
      writer.requireAccess({ writes: ["mine", "theirs"], reads: [], groups: ["reader.x"] }),
      refusal(/User:writer/, /READ group reader\.x|DESCRIBE topic theirs/),
    );
    await assert.rejects(
      writer.send([{ topic: "theirs", partition: 0, records: records(1) }]),
      refusal(/User:writer may not \w+ topic theirs/),
    );
    const reader = open("reader", {
      sasl: { mechanism: "SCRAM-SHA-256", username: "reader", password: PASSWORD },
    });
    await assert.rejects(
      reader.send([{ topic: "mine", partition: 0, records: records(1) }]),
      refusal(/User:reader may not WRITE topic mine/),
    );
    await assert.rejects(
      reader.requireAccess({ writes: ["mine"], reads: ["mine"], groups: [] }),
      refusal(/User:reader may not WRITE topic mine/),
    );
    await assert.rejects(
      writer.ensureTopics([{ name: "new", partitions: 1, retentionMs: -1 }]),
      refusal(/User:writer may not CREATE topic new/),
    );
  });

  test("who reads what it does not consume is refused: topic, group, and a rule taken away under a reader", async () => {
    const writer = open("writer");
    await assert.rejects(
      writer.read({ topic: "theirs", partition: 0, from: "earliest" }),
      refusal(/User:writer may not DESCRIBE topic theirs/),
    );
    await assert.rejects(
      writer.consume({ group: "reader.positions", topics: ["mine"], onAssigned: async () => new Map() }),
      refusal(/User:writer may not READ group reader\.positions/),
    );
    await writer.send([{ topic: "mine", partition: 0, records: records(1) }]);
    const following = await writer.read({ topic: "mine", partition: 0, from: "latest" });
    const taken = following.take(1);
    taken.catch(() => undefined);
    await admin.applyAccessRules([rule("writer", "WRITE", "mine")], ["User:writer"]);
    await assert.rejects(taken, refusal(/User:writer may not READ topic mine/));
    await admin.applyAccessRules(
      [rule("writer", "WRITE", "mine"), rule("writer", "READ", "mine")],
      ["User:writer"],
    );
  });

  test("a wrong password, an unknown user, an unknown authority, no TLS, no SASL: each is named", async () => {
    const wrong = { mechanism: "SCRAM-SHA-512", username: "writer", password: "not-the-password" } as const;
    await assert.rejects(
      open("writer", { sasl: wrong }).topics(),
      refusal(/refuses the user "writer".*password is wrong/),
    );
    await assert.rejects(open("nobody").topics(), refusal(/refuses the user "nobody"/));
    await assert.rejects(
      open("writer", { sasl: { mechanism: "PLAIN", username: "writer", password: PASSWORD } }).topics(),
      refusal(/does not know the SASL mechanism PLAIN/),
    );
    await assert.rejects(
      open("writer", { tls: {} }).topics(),
      refusal(/certificate of an authority that this client does not know/),
    );
    const plain = kafkaBus({ bootstrapServers: cluster.bootstrapServers, clientId: "plain" });
    opened.push(plain);
    await assert.rejects(plain.topics(), refusal(/speaks TLS on this port, and this client does not/));
    const anonymous = kafkaBus({
      bootstrapServers: cluster.bootstrapServers,
      clientId: "anonymous",
      tls: { ca: cluster.authority },
      // Kafka closes such a connection without a word, as one that goes down does: asked again until this is over.
      callTimeoutMs: 5_000,
    });
    opened.push(anonymous);
    await assert.rejects(anonymous.topics(), /it may want a user name and a password/);
  });

  test("a producer with a wrong password is told so at its first send", async () => {
    const wrong = { mechanism: "SCRAM-SHA-512", username: "writer", password: "not-the-password" } as const;
    const bus = open("writer", { sasl: wrong });
    await assert.rejects(
      bus.send([{ topic: "mine", partition: 0, records: records(1) }]),
      refusal(/refuses the user "writer"/),
    );
  });

  test("a quota holds a producer back, without losing or refusing anything", async () => {
    const writer = open("writer", { sendTimeoutMs: 60_000 });
    const quota = { user: "writer", consumerBytesPerSecond: 50_000_000, requestPercentage: 200 };
    const size = 100_000;
    const batch = records(1).map((record) => ({ ...record, value: "x".repeat(size) }));
    const send = (): Promise<unknown> => writer.send([{ topic: "mine", partition: 0, records: batch }]);
    await send();
    await admin.applyQuotas([{ ...quota, producerBytesPerSecond: 50_000 }]);
    const quotaOfWriter = async () => (await admin.quotas()).find(({ user }) => user === "writer");
    // Brokers learn of it a moment later.
    while ((await quotaOfWriter()) === undefined);
    assert.deepEqual(await quotaOfWriter(), { ...quota, producerBytesPerSecond: 50_000 });
    const before = (await writer.offsets("mine"))[0]?.latest ?? 0n;
    const started = performance.now();
    for (let sent = 0; sent < 8; sent++) await send();
    // A broker counts over ten seconds: half a megabyte passes at once, and what comes after that waits.
    assert.ok(performance.now() - started > 1500, `it took ${performance.now() - started} ms`);
    assert.equal((await writer.offsets("mine"))[0]?.latest, before + 8n);
    await admin.applyQuotas([{ ...quota, producerBytesPerSecond: 100_000_000 }]);
  });

  test("users and rules are waited for until brokers go by them", async () => {
    const cluster = clusterOf(adminOptions());
    const late = { username: "late", password: PASSWORD, mechanism: "SCRAM-SHA-512" } as const;
    const rules = [rule("late", "READ", "mine")];
    let settled = 0;
    const count = (): number => ++settled;
    const waiting = [
      whenLetIn(cluster, [late]).then(count),
      whenInForce(cluster, rules, ["User:late"]).then(count),
    ];
    await sleep(500);
    assert.equal(settled, 0);
    await admin.applyUsers([late]);
    await admin.applyAccessRules(rules, ["User:late"]);
    await Promise.all(waiting);
    cluster.close();
  });

  test("rules are made what is given, and what is there stays", async () => {
    const wanted = [rule("someone", "READ", "mine"), groupRule("someone")];
    const first = await admin.applyAccessRules(wanted, ["User:someone"]);
    assert.deepEqual([first.added.length, first.removed.length, first.kept], [2, 0, 0]);
    const second = await admin.applyAccessRules([groupRule("someone")], ["User:someone"]);
    assert.deepEqual(second, { added: [], removed: [rule("someone", "READ", "mine")], kept: 1 });
  });
});
