import assert from "node:assert/strict";
import { test } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { runStreamChaos } from "./stream-chaos.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;

test("R5, R12: a processor that is killed stores each good trade once and sets each bad one aside with its reason", {
  skip,
}, async () => {
  const report = await runStreamChaos({
    trades: 20_000,
    clients: 200,
    seed: 7,
    kills: 1,
    brokerKills: 0,
    instances: 1,
    method: "AVERAGE",
    sink: "postgres",
    progress: () => undefined,
  });
  assert.deepEqual(report.wrong, []);
  assert.equal(report.trades + report.parked, 20_000);
});

test("R5: three instances share twelve partitions, are killed, leave and join: each trade once, each client's in order", {
  skip,
}, async () => {
  const report = await runStreamChaos({
    trades: 20_000,
    clients: 200,
    seed: 11,
    kills: 1,
    brokerKills: 0,
    instances: 3,
    method: "FIFO",
    sink: "postgres",
    progress: () => undefined,
  });
  assert.deepEqual(report.wrong, []);
  assert.equal(report.trades + report.parked, 20_000);
});

test("R5: a processor that is killed has each good trade in its Parquet files once", { skip }, async () => {
  const report = await runStreamChaos({
    trades: 6_000,
    clients: 200,
    seed: 13,
    kills: 1,
    brokerKills: 0,
    instances: 1,
    method: "LIFO",
    sink: "parquet",
    progress: () => undefined,
  });
  assert.deepEqual(report.wrong, []);
  assert.equal(report.trades + report.parked, 6_000);
});
