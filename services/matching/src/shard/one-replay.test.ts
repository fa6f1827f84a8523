import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { inOneTurn, seededRandom } from "@bourse/base";
import { rfc3339 } from "@bourse/contracts";
import { BinaryEngine, CommandWords } from "@bourse/engine";
import { EngineJournal } from "@bourse/journal";
import { MatchingProgram } from "./matching-program.ts";
import { decodeSteps } from "./program-snapshot.ts";

type Command = Record<string, unknown> & { readonly eventType: string };

const COMMANDS = 2_000;
const SYMBOL = "BTC-USD";

it("the topic's commands, journalled as the words that the engine was told, replay to the same bytes", (t) => {
  const seed = 1 + Math.floor(Math.random() * 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const told = new CommandWords(COMMANDS * 17);
  // All commands of an engine go through this one call, as words; what an object was is gone by then.
  const run = BinaryEngine.prototype.run;
  const tap = t.mock.method(
    BinaryEngine.prototype,
    "run",
    function (this: BinaryEngine, words: CommandWords) {
      told.i32.set(words.i32.subarray(0, words.length * 2), told.length * 2);
      told.length += words.length;
      run.call(this, words);
    },
  );
  const program = new MatchingProgram();
  commands(seed).forEach((event, index) => {
    apply(program, event, index + 1);
  });
  tap.mock.restore();

  const folder = mkdtempSync(join(tmpdir(), "bourse-one-replay-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const journal = EngineJournal.open({ folder, read: () => {}, groupCommands: 64, snapshotEvery: 900 });
  journal.submit(told);
  journal.close();
  const again = EngineJournal.open({ folder, read: () => {} });
  const { engine } = inOneTurn(decodeSteps(program.snapshot()));
  assert.ok(again.recovery.snapshot > 0 && again.recovery.replayedCommands > 0);
  assert.deepEqual(again.engine.snapshot(), new Uint8Array(engine), `seed ${seed}`);
  again.close();
});

function apply(program: MatchingProgram, event: Command, sequence: number): void {
  const timeMs = 1_700_000_000_000 + sequence;
  const envelope = {
    event: { requestId: `r${sequence}`, timestamp: rfc3339(timeMs), ...event },
    sequence,
    timeMs,
    topic: "order-events",
    partition: 0,
    offset: BigInt(sequence),
    key: SYMBOL,
    producer: "order",
    epoch: 1,
  };
  program.apply(envelope, () => {});
}

/** A listing, then orders around one price, cancels, amends, mass cancels, blocks, halts. */
function commands(seed: number): Command[] {
  const random = seededRandom(seed);
  const made: Command[] = [LISTING];
  while (made.length < COMMANDS) {
    const roll = random.below(100);
    const orderId = idOf(random.below(made.length + 1));
    const accountId = `account-${random.below(8)}`;
    if (roll < 20) made.push({ eventType: "OrderCancelled", orderId, accountId, symbol: SYMBOL });
    else if (roll < 25)
      made.push({
        eventType: "OrderModified",
        orderId,
        accountId,
        symbol: SYMBOL,
        quantity: `${1 + random.below(9)}`,
      });
    else if (roll < 27) made.push({ eventType: "MassCancelled", accountId, symbol: SYMBOL });
    else if (roll === 27) made.push({ eventType: "AccountBlocked", accountId });
    else if (roll === 28) made.push({ eventType: "AccountUnblocked", accountId });
    else if (roll === 29)
      made.push({ eventType: random.below(3) > 0 ? "TradingResumed" : "TradingHalted", symbol: SYMBOL });
    else {
      const price = `${30_000 + random.below(12)}`;
      made.push({
        eventType: "OrderCreated",
        orderId: idOf(made.length),
        accountId,
        clientOrderId: `c${made.length}`,
        symbol: SYMBOL,
        side: random.below(2) === 0 ? "BUY" : "SELL",
        orderType: "LIMIT",
        timeInForce: random.below(8) === 0 ? "IOC" : "GTC",
        quantity: `${1 + random.below(5)}`,
        price,
        worstPrice: price,
        postOnly: false,
        makerFeePpm: 100,
        takerFeePpm: 300,
        status: "PENDING",
      });
    }
  }
  return made;
}

const LISTING: Command = {
  eventType: "SymbolListed",
  symbol: SYMBOL,
  baseAsset: "BTC",
  quoteAsset: "USD",
  baseScale: 8,
  quoteScale: 6,
  tickSize: "0.01",
  lotSize: "0.0001",
  maxPrice: "1000000",
  maxQuantity: "1000",
};

function idOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}
