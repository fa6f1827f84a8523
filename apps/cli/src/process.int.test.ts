import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KafkaBus, kafkaBus } from "@bourse/bus";
import { kafkaSkip, type TestKafka, testKafka } from "@bourse/bus/testing";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { EXIT } from "./exit-codes.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const skip = (await kafkaSkip(process.env, "any")) ?? false;

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far to people. */
  said(): string;
}

describe("bourse process, on a real Kafka", { skip, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-process-"));
  const prefix = `p${process.pid}.`;
  const topic = `${prefix}trade-events`;
  let kafka: TestKafka;
  let bus: KafkaBus;

  before(async () => {
    kafka = await testKafka(process.env);
    bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  });
  after(async () => {
    for (const name of [topic, `dead-letter-${topic}`]) await bus.deleteTopic(name).catch(() => undefined);
    await bus.close();
    await kafka.remove();
    removeDataFolder(join(folder, "data", "postgres"));
    rmSync(folder, { recursive: true, force: true });
  });

  function bourse(...args: readonly string[]): Command {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: {
        ...process.env,
        KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
        KAFKA_TOPIC: "",
        DATABASE_URL: "",
        BOURSE_DATA: join(folder, "data"),
        BOURSE_URL: "",
        BOURSE_KEY: "",
        INIT_CWD: folder,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const ended = new Promise<Ended>((resolve) =>
      child.once("close", (status) => resolve({ status, stdout, stderr })),
    );
    return { child, ended, said: () => stderr };
  }

  const jsonOf = ({ stdout }: Ended) => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "null");

  it("processes a stream to its end", async () => {
    const sent = await bourse("produce", "--count", "400", "--topic-prefix", prefix).ended;
    assert.equal(sent.status, EXIT.ok, sent.stderr);
    const done = await bourse("process", "--topic-prefix", prefix, "--until-idle", "--json").ended;
    assert.equal(done.status, EXIT.ok, done.stderr);
    const { trades, deadLetters, clean } = jsonOf(done);
    assert.deepEqual([trades, deadLetters, clean], [400, 0, true]);
  });

  it("R12: while it runs by itself, bourse dlq shows what it has set aside, and redrives it", async () => {
    const sent = await bourse(
      "produce",
      "--count",
      "500",
      "--poison",
      "0.1",
      "--topic-prefix",
      prefix,
      "--json",
    ).ended;
    const poisoned = Object.values<number>(jsonOf(sent).poisoned).reduce((sum, count) => sum + count, 0);
    // It goes on from where the one before has ended, on the same tables.
    const running = bourse("process", "--topic-prefix", prefix);
    try {
      while (
        !running.said().includes(`${500 - poisoned} trades,`) ||
        !running.said().includes(` ${poisoned} dead letters, 0 behind`)
      ) {
        assert.equal(running.child.exitCode, null, running.said());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(running.said()) ?? [];
      const listed = jsonOf(await bourse("dlq", "list", "--url", url, "--json", "--limit", "1000").ended);
      assert.equal(listed.records.length, poisoned);
      const redriven = await bourse("dlq", "redrive", "--all", "--url", url, "--json").ended;
      const [outcome] = jsonOf(redriven).services;
      // What is bad in itself stays so.
      assert.deepEqual([outcome.applied, outcome.failed.length], [0, poisoned], redriven.stderr);
    } finally {
      running.child.kill("SIGTERM");
    }
    assert.equal((await running.ended).status, EXIT.ok);
  });

  it("refuses a topic that is neither a generated stream nor a feed", async () => {
    const { status, stderr } = await bourse("process", "--topic", "trade-events").ended;
    assert.notEqual(status, EXIT.ok);
    assert.match(
      stderr,
      /the topic is trade-events; a generated stream has a prefix, such as sim\.trade-events/,
    );
  });
});
