import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KafkaBus, kafkaBus } from "@bourse/bus";
import { kafkaSkip, type TestKafka, testKafka } from "@bourse/bus/testing";
import { EXIT } from "../exit-codes.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const skip = (await kafkaSkip(process.env, "any")) ?? false;

describe("bourse produce, on a real Kafka", { skip, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-produce-"));
  const prefix = `t${process.pid}.`;
  let kafka: TestKafka;
  let bus: KafkaBus;

  before(async () => {
    kafka = await testKafka(process.env);
    bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  });
  after(async () => {
    for (const topic of ["trade-events", "recorded", "high", "steady"])
      await bus.deleteTopic(prefix + topic).catch(() => undefined);
    await bus.close();
    await kafka.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function bourse(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [MAIN, "produce", "--json", ...args], {
      env: {
        ...process.env,
        KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
        BOURSE_DATA: folder,
        INIT_CWD: folder,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, stderr, child, report: stdout === "" ? null : JSON.parse(stdout) };
  }

  const held = async (topic: string): Promise<number> =>
    (await bus.offsets(topic)).reduce((sum, { latest }) => sum + Number(latest), 0);

  it("creates its topic, produces what is asked for, and keeps a journal of it", async () => {
    const args = ["--count", "5000", "--topic-prefix", prefix, "--poison", "0.02", "--journal", "sent.csv"];
    const { status, report, stderr } = await bourse(args);
    assert.equal(status, EXIT.ok, stderr);
    const topic = `${prefix}trade-events`;
    assert.deepEqual([report.topic, report.partitions, report.records], [topic, 12, 5_000]);
    assert.equal(await held(topic), 5_000);
    const [header, ...lines] = readFileSync(join(folder, "sent.csv"), "utf8").trimEnd().split("\n");
    assert.match(header ?? "", /^partition,sequence,kind,trade_id,/);
    assert.equal(lines.length, 5_000);
    const bad = lines.filter((line) => line.split(",")[2] !== "good").length;
    const poisoned = Object.values<number>(report.poisoned).reduce((sum, count) => sum + count, 0);
    assert.ok(bad > 0);
    assert.equal(bad, poisoned);
    assert.equal(
      (await bourse(["--count", "1", "--topic-prefix", prefix, "--partitions", "3"])).status,
      EXIT.usage,
    );
    const again = await bourse(["--count", "10", "--topic-prefix", prefix]);
    assert.notEqual(again.report.producer, report.producer, "each run is a producer of its own (R7)");
    assert.equal(await held(topic), 5_010);
  });

  it("produces recorded trades, at their times, into the topic that KAFKA_TOPIC names", async () => {
    const rows = ["1570752011620,sell,0.00141342,23.0", "1570752017964,buy,0.00141266,8"];
    writeFileSync(join(folder, "xrp-eth.csv"), ["timestamp,side,price,amount", ...rows, ""].join("\n"));
    const topic = `${prefix}recorded`;
    const args = ["--from", "xrp-eth.csv", "--partitions", "1"];
    const { status, stderr } = await bourse(args, { KAFKA_TOPIC: topic });
    assert.equal(status, EXIT.ok, stderr);
    const records = await bus.tail(topic, 0, 10);
    const { tradeId, clientId, ...trade } = JSON.parse(records[0]?.value ?? "{}");
    assert.equal(records.length, 2);
    assert.equal(records[0]?.key, clientId);
    assert.deepEqual(trade, {
      eventType: "TradeReported",
      timestamp: "2019-10-11T00:00:11.620Z",
      symbol: "XRP-ETH",
      side: "SELL",
      quantity: "23",
      price: "0.00141342",
      fee: "0",
    });
    writeFileSync(join(folder, "bad.csv"), `timestamp,side,price,amount\n${rows[0]}\n1,hold,1,1\n`);
    const bad = await bourse(["--from", "bad.csv"], { KAFKA_TOPIC: topic });
    assert.equal(bad.status, EXIT.usage);
    assert.match(bad.stderr, /line 3: side is "hold"; allowed is buy or sell/);
  });

  it("produces 100,000 with HIGH_VOLUME=true", async () => {
    const topic = `${prefix}high`;
    const { status, report } = await bourse([], { HIGH_VOLUME: "true", KAFKA_TOPIC: topic });
    assert.deepEqual([status, report.records], [EXIT.ok, 100_000]);
    assert.equal(await held(topic), 100_000);
  });

  it("keeps to a rate, and tells what it sent when it is interrupted", async () => {
    const topic = `${prefix}steady`;
    const args = ["produce", "--json", "--rate", "2000", "--count", "1000000"];
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: {
        ...process.env,
        KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
        KAFKA_TOPIC: topic,
        BOURSE_DATA: folder,
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    while (!(await bus.topics()).some(({ name }) => name === topic) || (await held(topic)) < 500)
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    assert.equal(await ended, EXIT.interrupted);
    const report = JSON.parse(stdout);
    assert.equal(report.interrupted, true);
    assert.equal(await held(topic), report.records);
    assert.ok(report.perSecond <= 2_050, `${report.perSecond} a second`);
  });
});
