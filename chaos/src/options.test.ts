import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("without options each fault runs once on both buses", () => {
  const options = readOptions([], 7);
  assert.deepEqual(
    { minutes: options.minutes, seed: options.seed, buses: options.buses, only: options.only },
    { minutes: null, seed: 7, buses: ["embedded", "kafka"], only: [] },
  );
});

test("what is given is taken", () => {
  const args = ["--minutes", "60", "--seed", "3", "--only", "kill", "--only", "pause", "--bus", "kafka"];
  const { minutes, seed, only, buses } = readOptions(args, 7);
  assert.deepEqual(
    { minutes, seed, only, buses },
    { minutes: 60, seed: 3, only: ["kill", "pause"], buses: ["kafka"] },
  );
});

test("a fault names the option, what was given and what is allowed", () => {
  assert.throws(
    () => readOptions(["--minutes", "0"], 1),
    /--minutes is "0"; allowed are whole numbers from 1/,
  );
  assert.throws(() => readOptions(["--bus", "nats"], 1), /--bus is "nats"; allowed are embedded, kafka/);
  assert.throws(() => readOptions(["--rate", "fast"], 1), /--rate is "fast"/);
});
