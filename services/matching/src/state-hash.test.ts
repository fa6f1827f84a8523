import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { machineTimer } from "@bourse/host/testing";
import type { MatchingProgram } from "./shard/matching-program.ts";
import { stateHashOf } from "./state-hash.ts";
import { Desk } from "./testing.ts";

const ORDERS = 3_000;

function largeBook(): Desk {
  const desk = new Desk().list();
  for (let n = 1; n <= ORDERS; n++) desk.place(n, "BUY", String(n), "1");
  return desk;
}

/** What it lets others do between its steps, and how often. */
async function hashBeside(program: MatchingProgram, others: (turn: number) => void) {
  let turns = 0;
  const sleep = async (): Promise<void> => others(++turns);
  const found = await stateHashOf({ timer: { ...machineTimer, sleep } }, program);
  return { found, turns };
}

describe("the state hash of a large book", () => {
  it("is the same when others go on between its steps", async () => {
    const { program } = largeBook();
    const { found, turns } = await hashBeside(program, () => {});
    assert.equal(found, program.stateHash());
    assert.ok(turns >= 2, `${turns} turns`);
  });

  it("is of the book behind a command that came meanwhile", async () => {
    const desk = largeBook();
    const before = desk.program.stateHash();
    const { found } = await hashBeside(desk.program, (turn) => {
      if (turn === 2) desk.tell({ eventType: "MassCancelled", requestId: "m1", accountId: "buyer" });
    });
    assert.notEqual(found, before);
    assert.equal(found, desk.program.stateHash());
  });

  it("comes to an end while commands come in each turn", async () => {
    const desk = largeBook();
    const { found } = await hashBeside(desk.program, (turn) => desk.place(ORDERS + turn, "BUY", "1", "1"));
    assert.equal(found, desk.program.stateHash());
  });
});
