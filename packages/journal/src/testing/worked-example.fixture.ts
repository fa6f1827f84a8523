import {
  COMMAND,
  CommandWords,
  EVENT,
  type EventRing,
  ORDER_TYPE,
  SIDE,
  TIME_IN_FORCE,
} from "@bourse/engine";
import { EngineJournal } from "../index.ts";

/** Prints trades. Events are read before the next ones are written. */
const printTrades = (label: string) => (ring: EventRing) => {
  for (let at = ring.first(); at !== -1; at = ring.after(at)) {
    if (((ring.i32[at * 2] as number) & 255) !== EVENT.TRADE) continue;
    console.log(`${label}: ${ring.f64[at + 6]} lots at ${ring.f64[at + 5]}`);
  }
};

const options = { folder: process.argv[2] as string, read: printTrades("traded") };
const limit = {
  symbol: 0,
  type: ORDER_TYPE.LIMIT,
  timeInForce: TIME_IN_FORCE.GTC,
  postOnly: false,
  worstPriceTicks: 0,
  expireAtMs: 0,
};

const first = EngineJournal.open(options);
const words = new CommandWords(64);
words.plain(COMMAND.LIST, { request: 1, atMs: 0 }, 0, [100_000, 1_000]);
words.place(
  { request: 2, atMs: 1 },
  { ...limit, account: 1, side: SIDE.SELL, priceTicks: 500, quantityLots: 10 },
);
words.place(
  { request: 3, atMs: 2 },
  { ...limit, account: 2, side: SIDE.BUY, priceTicks: 505, quantityLots: 4 },
);
first.submit(words);
console.log(`${first.durable} durable, ${first.waiting} wait`);
first.flush(); // now they are durable, and only now they have run
console.log(`${first.durable} durable, ${first.waiting} wait`);
first.close();

const second = EngineJournal.open({ ...options, readReplayed: printTrades("replayed") });
console.log(
  `${second.recovery.replayedCommands} replayed; the seller has ${second.engine.order(2)?.leavesLots} lots left`,
);
second.close();
