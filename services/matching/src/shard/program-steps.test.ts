import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Steps } from "@bourse/base";
import { rfc3339 } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import { machineTimer } from "@bourse/host/testing";
import { stateHashOf } from "../state-hash.ts";
import { Desk } from "../testing.ts";
import { MatchingProgram } from "./matching-program.ts";

const ORDERS = 12_000;

function largeBook(): MatchingProgram {
  const desk = new Desk().list();
  for (let n = 1; n <= ORDERS; n++) desk.place(n, "BUY", String(1 + (n % 700)), "1");
  return desk.program;
}

const massCancelled: Envelope = {
  event: {
    eventType: "MassCancelled",
    requestId: "m",
    symbol: "BTC-USD",
    timestamp: rfc3339(1_700_000_000_000),
  },
  sequence: ORDERS + 2,
  timeMs: 1_700_000_000_000,
  topic: "order-events",
  partition: 0,
  offset: BigInt(ORDERS + 2),
  key: null,
  producer: "order",
  epoch: 1,
};

/** What the steps come to, and in how many. */
function counted<T>(steps: Steps<T>): { readonly made: T; readonly count: number } {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done === true) return { made: step.value, count };
  }
}

describe("a mass cancel of a large book", () => {
  it("is made in steps, and tells what it tells in one turn", () => {
    const [one, other] = [largeBook(), largeBook()];
    const told: object[] = [];
    one.apply(massCancelled, (_topic, _key, event) => void told.push(event));
    const toldInSteps: object[] = [];
    const steps = other.applySteps(massCancelled, (_topic, _key, event) => void toldInSteps.push(event));
    assert.ok(steps !== null && counted(steps).count === 12);
    assert.equal(
      told.filter((event) => "execType" in event && event.execType === "CANCELLED").length,
      ORDERS,
    );
    assert.deepEqual(toldInSteps, told);
    assert.equal(other.stateHash(), one.stateHash());
  });

  it("is waited for by whoever wants a hash", async () => {
    const program = largeBook();
    const steps = program.applySteps(massCancelled, () => {});
    steps?.next();
    assert.equal(program.isWorking, true);
    const sleep = async (): Promise<void> => void steps?.next();
    const found = await stateHashOf({ timer: { ...machineTimer, sleep } }, program);
    assert.equal(program.isWorking, false);
    assert.equal(program.figures().restingOrders, 0);
    assert.equal(found, program.stateHash());
  });
});

describe("a partition with a large book", () => {
  it("is saved and restored in steps, to the same bytes", () => {
    const program = largeBook();
    const saved = counted(program.snapshotSteps());
    assert.deepEqual(saved.made, program.snapshot());
    assert.equal(saved.count, 4);
    const again = new MatchingProgram();
    const restored = counted(again.restoreSteps(saved.made));
    assert.equal(restored.count, 11);
    assert.equal(again.stateHash(), program.stateHash());
    assert.deepEqual(again.snapshot(), saved.made);
  });
});
