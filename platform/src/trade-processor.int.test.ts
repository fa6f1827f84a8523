import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chosenServices } from "./chosen-services.ts";
import { TestVenue, until } from "./testing/test-venue.ts";

const env: Record<string, string> = { BOURSE_WITH: "trade-processor", TRADE_INSTRUMENTS: "AAPL:4:4" };
const venue = new TestVenue({ env });
const keys = new Map<string, string>();

before(async () => {
  await venue.start();
  await venue.list(["AAPL", "ETH-USD"]);
  for (const name of ["alice", "bob"])
    keys.set(name, await venue.account(name, { USD: "1000000", AAPL: "1000", ETH: "100" }));
});
after(() => venue.remove());

interface Position {
  readonly symbol: string;
  readonly quantity: string;
  readonly cost: string;
  readonly realisedPnl: string;
  readonly unrealisedPnl?: string;
  readonly fees: string;
  readonly trades: number;
}

/** Both sides of a trade, the first one's order resting. */
async function trade(seller: string, buyer: string, terms: Readonly<Record<string, string>>): Promise<void> {
  for (const [account, side] of [
    [seller, "SELL"],
    [buyer, "BUY"],
  ] as const)
    await venue.place(keys.get(account) ?? "", { side, clientOrderId: `o-${++orders}`, ...terms });
}
let orders = 0;

const ofSymbol = (positions: readonly Position[], symbol: string): Position | undefined =>
  positions.find((each) => each.symbol === symbol);

/** What two services that share no table say of an account. */
async function both(account: string, symbol: string): Promise<readonly (Position | undefined)[]> {
  const mine = venue.as(keys.get(account) ?? "");
  const processed = await mine.call<{ positions: Position[] }>("GET", "/api/v1/processed/positions");
  const kept = await mine.call<{ positions: Position[] }>("GET", `/api/v1/accounts/${account}/positions`);
  return [ofSymbol(processed.positions, symbol), ofSymbol(kept.positions, symbol)];
}

async function agree(account: string, symbol: string): Promise<void> {
  const fields = (each: Position | undefined): object | undefined =>
    each && {
      quantity: each.quantity,
      cost: each.cost,
      realised: each.realisedPnl,
      fees: each.fees,
      trades: each.trades,
    };
  const [processed, kept] = await until(
    () => both(account, symbol),
    ([one, other]) => one !== undefined && one.trades === other?.trades,
  );
  assert.deepEqual(fields(processed), fields(kept), `${account} in ${symbol}`);
}

test("the platform's own trades: positions and profit as portfolio has them, through the gateway", async () => {
  await trade("bob", "alice", { quantity: "10", price: "210.10" });
  await trade("bob", "alice", { quantity: "7", price: "210.31" });
  await trade("alice", "bob", { quantity: "25", price: "209.97" });
  await venue.quiet();
  for (const account of ["alice", "bob"]) await agree(account, "AAPL");
  const alice = venue.as(keys.get("alice") ?? "");
  const { trades } = await alice.call<{ trades: { side: string; price: string; clientId: string }[] }>(
    "GET",
    "/api/v1/processed/trades?symbol=AAPL",
  );
  assert.deepEqual(
    trades.map(({ clientId, side, price }) => `${clientId} ${side} ${price}`),
    ["alice SELL 209.97", "alice BUY 210.31", "alice BUY 210.1"],
  );
  const foreign = await alice.call<{ code: string }>("GET", "/api/v1/processed/pnl?clientId=bob", {
    accept: [403],
  });
  assert.equal(foreign.code, "forbidden");
});

test("R12: a symbol that it does not know is a dead letter, seen and redriven through the gateway", async () => {
  await trade("bob", "alice", { symbol: "ETH-USD", quantity: "2", price: "3200" });
  await venue.quiet();
  const path = "/api/v1/dead-letters/trade-processor";
  const { records } = await venue.operator.call<{ records: { code: string; topic: string }[] }>("GET", path);
  assert.deepEqual(
    records.map(({ code, topic }) => `${topic}: ${code}`),
    ["trade-events: unknown_symbol"],
  );
  await venue.stop();
  env.TRADE_INSTRUMENTS = "AAPL:4:4,ETH-USD:2:6";
  await venue.start();
  const redriven = await venue.operator.call<{ applied: number; failed: unknown[] }>(
    "POST",
    `${path}/redrive`,
    {
      body: {},
    },
  );
  assert.deepEqual([redriven.applied, redriven.failed], [1, []]);
  for (const account of ["alice", "bob"]) await agree(account, "ETH-USD");
  assert.deepEqual(await venue.violations(), []);
});

test("its routes are in the gateway's documents, and it says what it does", async () => {
  const document = await venue.operator.call<{ paths: Record<string, unknown> }>(
    "GET",
    "/trade-processor-service/api-docs",
  );
  for (const path of ["positions", "pnl", "trades"])
    assert.ok(document.paths[`/api/v1/processed/${path}`], path);
  const { services } = await venue.operator.call<{ services: { service: string }[] }>(
    "GET",
    "/api/v1/platform/status",
  );
  assert.ok(services.some(({ service }) => service === "trade-processor"));
});

test("which services a platform has is said by name, and what it processes by its topic", () => {
  const names = (given: Readonly<Record<string, string>>): readonly string[] =>
    chosenServices({ env: given }).map(({ name }) => name);
  assert.ok(!names({}).includes("trade-processor"));
  assert.ok(names({ BOURSE_WITH: " trade-processor " }).includes("trade-processor"));
  assert.throws(
    () => names({ BOURSE_WITH: "wallet" }),
    /BOURSE_WITH \(--with\) is wallet, and allowed is trade-processor/,
  );
  const [simulated] = chosenServices({
    env: { TRADE_PROCESSOR_TOPIC: "sim.trade-events" },
    only: ["trade-processor"],
  }).slice(-1);
  assert.equal(simulated?.consumes[0]?.subscription, "sim.trade-events");
});
