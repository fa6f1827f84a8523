import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { EXIT } from "../exit-codes.ts";
import { jsonOf, streamCommands } from "../testing/stream-commands.ts";

const noFullDisk = existsSync("/dev/full") ? false : "there is no /dev/full here";
const skip = (await kafkaSkip(process.env, "any")) ?? false;

describe("bourse produce, on a real Kafka", { skip, timeout: 300_000 }, () => {
  const prefix = `t${process.pid}.`;
  const commands = streamCommands(
    ["trade-events", "recorded", "high", "steady", "unwritten"].map((name) => prefix + name),
  );
  const { folder } = commands;

  async function bourse(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const ended = await commands.start(["produce", "--json", ...args], env).ended;
    return { ...ended, report: jsonOf(ended) };
  }

  const held = async (topic: string): Promise<number> =>
    (await commands.bus().offsets(topic)).reduce((sum, { latest }) => sum + Number(latest), 0);

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

  it("sends nothing that its journal can't tell of", { skip: noFullDisk }, async () => {
    const topic = `${prefix}unwritten`;
    const args = ["--count", "5000", "--journal", "/dev/full"];
    const { status, stderr } = await bourse(args, { KAFKA_TOPIC: topic });
    assert.match(stderr, /^journal: \/dev\/full can't be written \(ENOSPC: .*\)\n$/);
    assert.equal(status, EXIT.usage);
    assert.ok(!(await commands.bus().topics()).some(({ name }) => name === topic));
  });

  it("produces recorded trades, at their times, into the topic that KAFKA_TOPIC names", async () => {
    const rows = ["1570752011620,sell,0.00141342,23.0", "1570752017964,buy,0.00141266,8"];
    writeFileSync(join(folder, "xrp-eth.csv"), ["timestamp,side,price,amount", ...rows, ""].join("\n"));
    const topic = `${prefix}recorded`;
    const args = ["--from", "xrp-eth.csv", "--partitions", "1"];
    const { status, stderr } = await bourse(args, { KAFKA_TOPIC: topic });
    assert.equal(status, EXIT.ok, stderr);
    const records = await commands.bus().tail(topic, 0, 10);
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
    const running = commands.start(args, { KAFKA_TOPIC: topic });
    const isThere = async () => (await commands.bus().topics()).some(({ name }) => name === topic);
    while (!(await isThere()) || (await held(topic)) < 500)
      await new Promise((resolve) => setTimeout(resolve, 20));
    running.child.kill("SIGINT");
    const ended = await running.ended;
    assert.equal(ended.status, EXIT.interrupted);
    const report = jsonOf(ended);
    assert.equal(report.interrupted, true);
    assert.equal(await held(topic), report.records);
    assert.ok(report.perSecond <= 2_050, `${report.perSecond} a second`);
  });
});
