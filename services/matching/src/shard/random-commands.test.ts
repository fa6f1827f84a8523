import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk, type Told } from "../testing.ts";
import { type LogEntry, randomLog } from "../testing-commands.ts";
import { MatchingProgram } from "./matching-program.ts";

/** In the last two a child that was larger than its parent's fill never woke. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 111, 127];
const COMMANDS = 1_000;
/** A program is restored from its snapshot so many commands after the last time. */
const RESTORED_EVERY = 37;

function tell(desk: Desk, { sequence, timeMs, event }: LogEntry): Told[] {
  desk.sequence = sequence - 1;
  desk.timeMs = timeMs;
  return desk.tell(event);
}

/** A decimal of at most six digits behind the point as a whole number. */
function units(decimal: unknown): bigint {
  const [whole = "", part = ""] = String(decimal).split(".");
  return BigInt(whole + part.padEnd(6, "0"));
}

/** What reports have said of the orders so far: each must follow on what was said before (R11). */
class Reports {
  readonly done = new Set<unknown>();
  /** What an order may still trade for and has traded for, at most; a buy's funds are held for it. */
  readonly #held = new Map<unknown, bigint>();

  take(told: Told, about: string): void {
    const { quantity, leavesQuantity, cumulativeQuantity, cancelledQuantity } = told;
    const parts = [leavesQuantity, cumulativeQuantity, cancelledQuantity].map(units);
    if (told.execType !== "REJECTED")
      assert.equal(
        units(quantity),
        parts.reduce((sum, part) => sum + part, 0n),
        about,
      );
    assert.ok(!this.done.has(told.orderId), `nothing is told of an order that is done: ${about}`);
    if (told.done === true) this.done.add(told.orderId);
    this.#hold(told, about);
  }

  #hold(told: Told, about: string): void {
    const { orderId, boundPrice, leavesQuantity, cumulativeNotional, side, execType } = told;
    const held = units(boundPrice) * units(leavesQuantity) + units(cumulativeNotional) * 1_000_000n;
    const before = this.#held.get(orderId);
    const mayRaise = before === undefined || execType === "REPLACED" || side === "SELL";
    assert.ok(mayRaise || held <= before, `only an amendment takes more than was held: ${about}`);
    this.#held.set(orderId, held);
  }
}

for (const seed of SEEDS) {
  test(`no command stops a partition, and every report adds up: seed ${seed}`, () => {
    const desk = new Desk();
    const reports = new Reports();
    for (const entry of randomLog(seed, COMMANDS)) {
      const told = tell(desk, entry);
      const about = JSON.stringify(entry.event);
      const outcomes = told.filter(
        ({ eventType, outcome }) => outcome === true || eventType === "CommandCompleted",
      );
      assert.equal(outcomes.length, 1, `one outcome (R8): ${about}`);
      for (const each of told)
        if (each.eventType === "ExecutionReport") reports.take(each, `${JSON.stringify(each)} of ${about}`);
    }
    assert.ok(reports.done.size > 10);
  });

  test(`goes on from any snapshot as if there had been none: seed ${seed}`, () => {
    const [one, other] = [new Desk(), new Desk()];
    let commands = 0;
    for (const entry of randomLog(seed, COMMANDS)) {
      assert.deepEqual(tell(other, entry), tell(one, entry));
      if (++commands % RESTORED_EVERY !== 0) continue;
      const snapshot = other.program.snapshot();
      assert.deepEqual(snapshot, one.program.snapshot());
      other.program = new MatchingProgram();
      other.program.restore(snapshot);
      assert.equal(other.program.stateHash(), one.program.stateHash());
    }
  });
}
