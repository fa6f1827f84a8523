import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EXIT } from "../exit-codes.ts";
import { streamTopic } from "./stream-topic.ts";

describe("the topic of a production", () => {
  for (const [prefix, topic, name] of [
    [undefined, undefined, "sim.trade-events"],
    ["load.", undefined, "load.trade-events"],
    [undefined, "mine.fills", "mine.fills"],
    ["load.", "fills", "load.fills"],
    ["sim.", "sim.trade-events", "sim.trade-events"],
  ] as const)
    it(`is ${name} for prefix ${prefix} and KAFKA_TOPIC ${topic}`, () =>
      assert.equal(streamTopic({ prefix, topic }).name, name));

  for (const [prefix, topic, words] of [
    ["", undefined, /topic-prefix: ""/],
    ["sim", undefined, /topic-prefix: "sim"/],
    [undefined, "trade-events", /KAFKA_TOPIC: "trade-events" -> .*sim\.trade-events.*R2/],
    [undefined, "orders", /R2/],
    [undefined, "saga.dlq", /R2/],
    [undefined, "audit-events.order", /R2/],
  ] as const)
    it(`is refused for prefix ${prefix} and KAFKA_TOPIC ${topic}`, () =>
      assert.throws(() => streamTopic({ prefix, topic }), { exitCode: EXIT.usage, message: words }));
});
