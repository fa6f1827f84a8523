import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { ORDER_TYPES } from "@bourse/market";
import {
  as,
  becomes,
  becomesStatus,
  buy,
  clean,
  heldOf,
  open,
  place,
  placed,
  print,
  sell,
  shown,
  venue,
} from "./testing/order-desk.ts";
import { until } from "./testing/test-venue.ts";

/**
 * Every order type and every command, placed through the public API of a whole platform, traded, and looked at: what
 * the order came to, that nothing stays held, and that every service's invariants hold at the end.
 */
before(open);
after(() => venue.remove());
afterEach(clean);

interface BandsView {
  readonly bands: object | null;
  readonly state?: string;
  readonly pausesAt?: string;
}

describe("every order type, through the public API", { timeout: 480_000 }, () => {
  it("MARKET takes up to its collar and cancels the rest", async () => {
    await sell("5", "210");
    const order = await becomesStatus(
      await placed("alice", { side: "BUY", orderType: "MARKET", quantity: "8" }),
      "CANCELLED",
    );
    assert.deepEqual(
      [order.filledQuantity, order.cancelledQuantity, order.reason],
      ["5", "3", "market_residue"],
    );
  });

  it("LIMIT: GTC rests, IOC doesn't, FOK is all or nothing, DAY and GTD expire by the engine's time", async () => {
    // Expires while the others are tried, and late enough for a slow machine to take it before.
    const expireAt = new Date(Date.now() + 10_000).toISOString();
    const gtd = await place("alice", {
      side: "BUY",
      quantity: "1",
      price: "201",
      timeInForce: "GTD",
      expireAt,
    });
    const gtc = await buy("2", "209");
    assert.equal(gtc.status, "OPEN");
    const ioc = await becomesStatus(
      await placed("alice", { side: "SELL", quantity: "3", price: "209", timeInForce: "IOC" }),
      "CANCELLED",
    );
    assert.deepEqual([ioc.filledQuantity, ioc.cancelledQuantity], ["2", "1"]);
    await becomesStatus(gtc, "FILLED");
    await sell("4", "210");
    const fok = { side: "BUY", price: "210", timeInForce: "FOK" };
    const killed = await becomesStatus(await placed("alice", { ...fok, quantity: "5" }), "CANCELLED");
    assert.deepEqual([killed.filledQuantity, killed.reason], ["0", "fill_or_kill"]);
    await becomesStatus(await placed("alice", { ...fok, quantity: "4" }), "FILLED");
    const day = await placed("alice", { side: "BUY", quantity: "1", price: "200", timeInForce: "DAY" });
    assert.equal(day.status, "OPEN");
    await becomesStatus(gtd, "EXPIRED");
  });

  it("post-only is refused where it would take, or slides", async () => {
    await sell("1", "210");
    const refused = await becomesStatus(
      await placed("alice", { side: "BUY", quantity: "1", price: "210", postOnly: true }),
      "REJECTED",
    );
    assert.equal(refused.reason, "post_only_would_cross");
    const slid = await placed("alice", {
      side: "BUY",
      quantity: "1",
      price: "211",
      postOnly: true,
      slide: true,
    });
    assert.equal(slid.status, "OPEN");
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "209.99 1",
    );
  });

  it("STOP_LOSS sleeps until the last price reaches its stop, then takes up to the collar around it", async () => {
    await print("210");
    const stop = await placed("alice", {
      side: "BUY",
      orderType: "STOP_LOSS",
      quantity: "3",
      stopPrice: "212",
    });
    assert.deepEqual([stop.status, stop.worstPrice, stop.triggered], ["OPEN", "233.2", undefined]);
    // 3 x 233.2, and the taker's 300 ppm and one minor unit of room.
    assert.equal(await heldOf("alice", "USD"), "699.809881");
    await sell("3", "213");
    await print("212");
    const filled = await becomesStatus(stop, "FILLED");
    assert.deepEqual([filled.filledNotional, filled.triggered], ["639", true]);
  });

  it("STOP_LOSS by the best price of the other side", async () => {
    await print("210");
    const stop = await placed("alice", {
      side: "SELL",
      orderType: "STOP_LOSS",
      quantity: "1",
      stopPrice: "207",
      triggerBy: "BEST",
    });
    assert.equal(stop.status, "OPEN");
    await buy("1", "206");
    await becomesStatus(stop, "FILLED");
  });

  it("STOP_LOSS that is touched from the other side takes a profit", async () => {
    await print("207");
    const touched = {
      side: "SELL",
      orderType: "STOP_LOSS",
      quantity: "1",
      stopPrice: "209",
      ifTouched: true,
    };
    const stop = await placed("alice", touched);
    assert.equal(stop.status, "OPEN");
    await print("209");
    // Nothing was there to sell to when it woke, and a market order does not rest.
    const woken = await becomesStatus(stop, "CANCELLED");
    assert.deepEqual([woken.triggered, woken.reason], [true, "market_residue"]);
  });

  it("STOP_LIMIT rests at its limit once it is triggered", async () => {
    await print("210");
    const stop = await placed("alice", {
      side: "SELL",
      orderType: "STOP_LIMIT",
      quantity: "2",
      stopPrice: "208",
      price: "207.5",
    });
    assert.equal(stop.status, "OPEN");
    assert.deepEqual(await shown("asks"), []);
    await print("208");
    const working = await becomes(stop, ({ triggered }) => triggered === true);
    assert.equal(working.status, "OPEN");
    await until(
      () => shown("asks"),
      (asks) => asks[0] === "207.5 2",
    );
    await placed("taker", { side: "BUY", quantity: "2", price: "207.5" });
    await becomesStatus(stop, "FILLED");
  });

  it("TRAILING_STOP follows the market, by a distance and by a percentage", async () => {
    await print("208");
    const far = { side: "SELL", orderType: "TRAILING_STOP", quantity: "1" };
    const absolute = await placed("alice", { ...far, trailingOffset: "2" });
    const percent = await placed("alice", { ...far, trailingOffset: "2%" });
    await print("212");
    await print("211");
    assert.equal((await becomes(absolute, () => true)).status, "OPEN");
    const bid = await buy("5", "209");
    await print("210");
    await becomesStatus(absolute, "FILLED");
    assert.equal((await becomes(percent, () => true)).status, "OPEN");
    await as("maker").call("DELETE", `/api/v1/orders/${bid.orderId}`);
    await buy("5", "205");
    await print("207.5");
    const filled = await becomesStatus(percent, "FILLED");
    assert.equal(filled.filledNotional, "205");
  });

  it("ICEBERG shows a part, refills it, and holds all of it", async () => {
    const iceberg = await placed("alice", {
      side: "BUY",
      orderType: "ICEBERG",
      quantity: "10",
      price: "205",
      displayQuantity: "3",
    });
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "205 3",
    );
    assert.equal(await heldOf("alice", "USD"), "2050.615001");
    await placed("taker", { side: "SELL", quantity: "4", price: "205", timeInForce: "IOC" });
    const part = await becomesStatus(iceberg, "PARTIALLY_FILLED");
    assert.equal(part.leavesQuantity, "6");
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "205 2",
    );
    await placed("taker", { side: "SELL", quantity: "6", price: "205", timeInForce: "IOC" });
    await becomesStatus(iceberg, "FILLED");
  });

  it("hidden volume is not shown and trades", async () => {
    const hidden = await placed("alice", { side: "SELL", quantity: "2", price: "208", hidden: true });
    assert.equal(hidden.status, "OPEN");
    assert.deepEqual(await shown("asks"), []);
    await placed("taker", { side: "BUY", quantity: "2", price: "208", timeInForce: "IOC" });
    await becomesStatus(hidden, "FILLED");
  });

  it("PEGGED follows the best price or the middle, and never passes its limit", async () => {
    await buy("1", "204");
    await sell("1", "206");
    const best = await placed("alice", {
      side: "BUY",
      orderType: "PEGGED",
      pegTo: "BEST",
      quantity: "2",
      price: "205",
    });
    const mid = await placed("alice", { side: "SELL", orderType: "PEGGED", pegTo: "MID", quantity: "2" });
    assert.deepEqual([best.status, mid.status], ["OPEN", "OPEN"]);
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "204 3",
    );
    const ahead = await buy("1", "204.5");
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "204.5 3",
    );
    await as("maker").call("DELETE", `/api/v1/orders/${ahead.orderId}`);
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "204 3",
    );
    await placed("taker", { side: "SELL", quantity: "3", price: "204", timeInForce: "IOC" });
    await becomesStatus(best, "FILLED");
  });

  it("minimum quantity fills at once or not at all", async () => {
    await sell("3", "206");
    const order = { side: "BUY", price: "206", quantity: "10" };
    const killed = await becomesStatus(await placed("alice", { ...order, minQuantity: "4" }), "CANCELLED");
    assert.equal(killed.reason, "minimum_quantity");
    const rests = await becomesStatus(
      await placed("alice", { ...order, minQuantity: "3" }),
      "PARTIALLY_FILLED",
    );
    assert.equal(rests.leavesQuantity, "7");
  });

  it("reduce-only never turns the net position", async () => {
    const none = await becomesStatus(
      await placed("twin", { side: "SELL", quantity: "1", price: "207", reduceOnly: true }),
      "REJECTED",
    );
    assert.equal(none.reason, "no_position_to_reduce");
    await sell("5", "206");
    await becomesStatus(await placed("twin", { side: "BUY", quantity: "5", price: "206" }), "FILLED");
    const reduce = { side: "SELL", reduceOnly: true, price: "207" };
    const beyond = await becomesStatus(await placed("twin", { ...reduce, quantity: "6" }), "REJECTED");
    assert.equal(beyond.reason, "beyond_position");
    const fits = await placed("twin", { ...reduce, quantity: "5" });
    assert.equal(fits.status, "OPEN");
    await buy("2", "206");
    await becomesStatus(
      await placed("twin", { side: "SELL", quantity: "2", price: "206", timeInForce: "IOC" }),
      "FILLED",
    );
    const cut = await becomesStatus(fits, "CANCELLED");
    assert.equal(cut.reason, "reduce_only");
  });

  it("OCO: one cancels the other; bracket: children wait for their parent and cancel each other", async () => {
    await print("206");
    const profit = await placed("alice", { side: "SELL", quantity: "2", price: "209", clientOrderId: "oco" });
    const loss = await placed("alice", {
      side: "SELL",
      orderType: "STOP_LOSS",
      quantity: "2",
      stopPrice: "204",
      groupId: "oco",
    });
    await placed("taker", { side: "BUY", quantity: "1", price: "209", timeInForce: "IOC" });
    await becomesStatus(profit, "PARTIALLY_FILLED");
    assert.equal((await becomesStatus(loss, "CANCELLED")).reason, "one_cancels_other");
    await clean();

    const entry = await placed("alice", {
      side: "BUY",
      quantity: "3",
      price: "205",
      clientOrderId: "bracket",
      awaits: 2,
    });
    const child = { side: "SELL", quantity: "3", parentId: "bracket" };
    assert.deepEqual(await shown("bids"), []);
    const take = await placed("alice", { ...child, price: "207" });
    const stop = await placed("alice", { ...child, orderType: "STOP_LOSS", stopPrice: "202" });
    await until(
      () => shown("bids"),
      (bids) => bids[0] === "205 3",
    );
    assert.deepEqual(await shown("asks"), []);
    await placed("taker", { side: "SELL", quantity: "3", price: "205", timeInForce: "IOC" });
    await becomesStatus(entry, "FILLED");
    await becomes(take, ({ triggered }) => triggered === true);
    await placed("taker", { side: "BUY", quantity: "3", price: "207", timeInForce: "IOC" });
    await becomesStatus(take, "FILLED");
    assert.equal((await becomesStatus(stop, "CANCELLED")).reason, "one_cancels_other");
    const late = await becomesStatus(await placed("alice", { ...child, price: "207" }), "REJECTED");
    assert.equal(late.reason, "unknown_link");
  });
});

describe("self-trade prevention", { timeout: 300_000 }, () => {
  const order = { quantity: "3", price: "206" };

  it("expires the taker, the maker, both, or takes the lots from both", async () => {
    for (const [selfTradePrevention, maker, taker] of [
      ["EXPIRE_TAKER", "OPEN 0", "CANCELLED 2"],
      ["EXPIRE_MAKER", "CANCELLED 3", "OPEN 0"],
      ["EXPIRE_BOTH", "CANCELLED 3", "CANCELLED 2"],
      ["DECREMENT", "OPEN 2", "CANCELLED 2"],
    ] as const) {
      const resting = await placed("alice", { side: "SELL", ...order });
      const taking = await placed("alice", { side: "BUY", ...order, quantity: "2", selfTradePrevention });
      await becomes(taking, ({ status, cancelledQuantity }) => `${status} ${cancelledQuantity}` === taker);
      await becomes(resting, ({ status, cancelledQuantity }) => `${status} ${cancelledQuantity}` === maker);
      await clean();
    }
  });

  it("an order that was decremented is amended by its whole quantity", async () => {
    const resting = await placed("alice", { side: "BUY", ...order, quantity: "5" });
    await placed("alice", { side: "SELL", ...order, quantity: "2", selfTradePrevention: "DECREMENT" });
    await becomes(resting, ({ cancelledQuantity }) => cancelledQuantity === "2");
    await as("alice").call("PATCH", `/api/v1/orders/${resting.orderId}`, { body: { quantity: "6" } });
    const amended = await becomes(resting, ({ quantity }) => quantity === "6");
    assert.deepEqual([amended.leavesQuantity, amended.cancelledQuantity], ["4", "2"]);
  });

  it("counts the accounts of a group as one, and transfers between them without a trade or a fee", async () => {
    for (const account of ["alice", "twin"])
      await venue.operator.call("PUT", `/api/v1/orders/accounts/${account}/self-trade-group`, {
        body: { selfTradeGroup: "desk" },
      });
    const tape = () =>
      venue.operator.call<{ trades: { tradeId: string }[] }>("GET", "/api/v1/markets/AAPL/trades?limit=1");
    const before = (await tape()).trades[0];
    const transfer = { ...order, selfTradePrevention: "TRANSFER" };
    const resting = await placed("alice", { side: "SELL", ...transfer });
    const taking = await becomesStatus(await placed("twin", { side: "BUY", ...transfer }), "FILLED");
    assert.deepEqual([taking.filledNotional, taking.fee], ["618", "0"]);
    await becomesStatus(resting, "FILLED");
    await venue.quiet();
    assert.deepEqual((await tape()).trades[0], before);
    for (const [account, { orderId, clientOrderId }] of [
      ["alice", resting] as const,
      ["twin", taking] as const,
    ]) {
      const { fills } = await as(account).call<{ fills: readonly object[] }>(
        "GET",
        `/api/v1/accounts/${account}/fills?orderId=${orderId}`,
      );
      const [{ clientOrderId: name, notional, fee, transfer: isTransfer }] = fills as readonly [
        Record<string, unknown>,
      ];
      assert.deepEqual([fills.length, name, notional, fee, isTransfer], [1, clientOrderId, "618", "0", true]);
    }
    const decremented = await placed("alice", { side: "SELL", ...order });
    await placed("twin", { side: "BUY", ...order, selfTradePrevention: "EXPIRE_MAKER" });
    await becomesStatus(decremented, "CANCELLED");
    const group = "/api/v1/orders/accounts/twin/self-trade-group";
    const groupNow = () =>
      venue.operator.call<{ selfTradeGroup: string | null; state?: string }>("GET", group);
    const { selfTradeGroup, state } = await groupNow();
    assert.deepEqual([selfTradeGroup, state], ["desk", "ACCEPTED"]);
    await venue.operator.call("PUT", group, { body: { selfTradeGroup: null } });
    assert.equal((await groupNow()).selfTradeGroup, null);
  });
});

describe("every command, through the public API", { timeout: 300_000 }, () => {
  it("amends in place, up and down, and cancels by id and by client order id", async () => {
    const order = await placed("alice", { side: "BUY", quantity: "5", price: "200", clientOrderId: "mine" });
    const amend = (body: object) => as("alice").call("PATCH", `/api/v1/orders/${order.orderId}`, { body });
    await amend({ quantity: "3" });
    await becomes(order, ({ quantity }) => quantity === "3");
    await amend({ quantity: "6", price: "201" });
    await becomes(order, ({ quantity, price }) => quantity === "6" && price === "201");
    await as("alice").call("DELETE", "/api/v1/orders?clientOrderId=mine");
    await becomesStatus(order, "CANCELLED");
  });

  it("cancel-replaces: both or neither", async () => {
    const old = await placed("alice", { side: "BUY", quantity: "5", price: "200" });
    const next = await placed("alice", {
      side: "BUY",
      quantity: "4",
      price: "201",
      orderType: "ICEBERG",
      displayQuantity: "1",
      replaces: old.orderId,
    });
    assert.equal(next.status, "OPEN");
    assert.equal((await becomesStatus(old, "CANCELLED")).reason, "replaced");
    const late = await becomesStatus(
      await placed("alice", { side: "BUY", quantity: "4", price: "202", replaces: old.orderId }),
      "REJECTED",
    );
    assert.equal(late.reason, "unknown_order");
    assert.equal((await becomes(next, () => true)).status, "OPEN");
  });

  it("cancels by side, by symbol, by account, and a whole symbol for an operator", async () => {
    const some = async () => ({
      bid: await placed("alice", { side: "BUY", quantity: "1", price: "200" }),
      ask: await placed("alice", { side: "SELL", quantity: "1", price: "210" }),
    });
    let open = await some();
    await as("alice").call("DELETE", "/api/v1/orders?symbol=AAPL&side=BUY");
    await becomesStatus(open.bid, "CANCELLED");
    assert.equal((await becomes(open.ask, () => true)).status, "OPEN");
    await as("alice").call("DELETE", "/api/v1/orders?symbol=AAPL");
    await becomesStatus(open.ask, "CANCELLED");
    open = await some();
    await as("alice").call("DELETE", "/api/v1/orders");
    await becomesStatus(open.ask, "CANCELLED");
    open = await some();
    const makers = await buy("1", "199");
    await venue.operator.call("DELETE", "/api/v1/orders/symbols/AAPL/orders?side=BUY");
    await becomesStatus(open.bid, "CANCELLED");
    assert.equal((await becomesStatus(makers, "CANCELLED")).reason, "mass_cancelled");
    assert.equal((await becomes(open.ask, () => true)).status, "OPEN");
  });

  it("cancels on disconnect: a session that is closed, or not heard of in time", async () => {
    const order = { side: "BUY", quantity: "1", price: "200" };
    const closed = await placed("alice", { ...order, sessionId: "s-1" });
    const kept = await placed("alice", { ...order, sessionId: "s-2" });
    await as("alice").call("DELETE", "/api/v1/orders/sessions/s-1");
    assert.equal((await becomesStatus(closed, "CANCELLED")).reason, "session_closed");
    assert.equal((await becomes(kept, () => true)).status, "OPEN");
    await as("alice").call("PUT", "/api/v1/orders/sessions/s-2", { body: { timeoutMs: 1_000 } });
    await becomesStatus(kept, "CANCELLED");
  });

  it("halts, cancel-only and resume; bands with their limit state and pause", async () => {
    const order = await placed("alice", { side: "BUY", quantity: "5", price: "200" });
    const symbol = (word: string) => venue.operator.call("POST", `/api/v1/orders/symbols/AAPL/${word}`);
    await symbol("cancel-only");
    await as("alice").call("PATCH", `/api/v1/orders/${order.orderId}`, { body: { quantity: "4" } });
    await becomes(order, ({ quantity }) => quantity === "4");
    await symbol("halt");
    const refused = await as("alice").call<{ code: string }>("POST", "/api/v1/orders", {
      body: {
        symbol: "AAPL",
        side: "BUY",
        orderType: "LIMIT",
        quantity: "1",
        price: "200",
        clientOrderId: "no",
      },
      accept: [409, 422],
    });
    assert.equal(refused.code, "trading_halted");
    await symbol("resume");

    await print("206");
    const high = await placed("alice", { side: "BUY", quantity: "1", price: "207.5" });
    const bands = { lowerPrice: "203", upperPrice: "207", limitStateMs: 3_600_000 };
    const path = "/api/v1/orders/symbols/AAPL/bands";
    const bandsNow = () => as("alice").call<BandsView>("GET", path);
    assert.deepEqual(await bandsNow(), { symbol: "AAPL", bands: null });
    await venue.operator.call("PUT", path, { body: bands });
    assert.equal((await becomesStatus(high, "CANCELLED")).reason, "beyond_band");
    const beyond = await becomesStatus(
      await placed("alice", { side: "SELL", quantity: "1", price: "202" }),
      "REJECTED",
    );
    assert.equal(beyond.reason, "price_beyond_band");
    const atBand = await placed("alice", { side: "BUY", quantity: "1", price: "207" });
    assert.equal(atBand.status, "OPEN");
    const standing = await until(bandsNow, ({ pausesAt }) => pausesAt !== undefined);
    assert.deepEqual([standing.bands, standing.state], [bands, "ACCEPTED"]);
    // The limit state begins again, to be over soon.
    await venue.operator.call("PUT", path, { body: { ...bands, limitStateMs: 1_000 } });
    // The engine pauses by its own log: order tells it the time once the limit state is over.
    await until(
      () => placed("maker", { side: "SELL", quantity: "1", price: "207.5" }),
      ({ reason }) => reason === "symbol_halted",
    );
    await symbol("resume");
    await venue.operator.call("DELETE", path);
    const gone = await until(bandsNow, ({ state }) => state === "ACCEPTED");
    assert.equal(gone.bands, null);
  });

  it("names each field that is wrong, what was given and what is allowed", async () => {
    const wrong = async (terms: object): Promise<readonly string[]> => {
      const body = { symbol: "AAPL", side: "BUY", quantity: "5", clientOrderId: "wrong", ...terms };
      const { errors } = await as("alice").call<{
        errors: { field: string; given: string; allowed: string }[];
      }>("POST", "/api/v1/orders", { body, accept: [422, 400] });
      for (const { given, allowed } of errors) assert.ok(given.length > 0 && allowed.length > 0);
      return errors.map(({ field }) => field);
    };
    assert.deepEqual(await wrong({ orderType: "STOP_LOSS", price: "1" }), ["price", "stopPrice"]);
    assert.deepEqual(await wrong({ orderType: "STOP_LIMIT", price: "200", stopPrice: "200.001" }), [
      "stopPrice",
    ]);
    assert.deepEqual(await wrong({ orderType: "TRAILING_STOP", trailingOffset: "100%" }), ["trailingOffset"]);
    assert.deepEqual(await wrong({ orderType: "ICEBERG", price: "200", displayQuantity: "6" }), [
      "displayQuantity",
    ]);
    assert.deepEqual(await wrong({ orderType: "PEGGED", pegTo: "MID", timeInForce: "IOC" }), ["timeInForce"]);
    assert.deepEqual(await wrong({ orderType: "LIMIT", price: "200", slide: true }), ["slide"]);
    assert.deepEqual(await wrong({ orderType: "LIMIT", price: "200", stopPrice: "199", pegTo: "MID" }), [
      "stopPrice",
      "pegTo",
    ]);
    assert.deepEqual(await wrong({ orderType: "SPREAD" }), ["orderType"]);
  });
});

describe("the API's documents", () => {
  it("show an example of each type, and each can be placed as it stands", async () => {
    type Bodies = Record<string, { readonly value: { readonly orderType: string } }>;
    type Post = { readonly requestBody: { readonly content: Record<string, { readonly examples: Bodies }> } };
    const path = "/order-service/api-docs";
    const { paths } = await as("alice").call<{ paths: Record<string, { post: Post }> }>("GET", path);
    const content = paths["/api/v1/orders"]?.post.requestBody.content["application/json"];
    const orders = Object.values(content?.examples ?? {}).map(({ value }) => value);
    assert.deepEqual([...new Set(orders.map(({ orderType }) => orderType))].sort(), [...ORDER_TYPES].sort());
    for (const body of orders) await venue.operator.call("POST", "/api/v1/orders", { body });
  });
});

describe("at the end", { timeout: 180_000 }, () => {
  it("nothing is held, and every service's invariants hold", async () => {
    await clean();
    assert.deepEqual(await venue.violations(), []);
  });

  it("all of it is there again after a restart, and replays to the same state", async () => {
    const sleeping = await placed("alice", {
      side: "BUY",
      orderType: "STOP_LIMIT",
      quantity: "1",
      stopPrice: "213",
      price: "214",
    });
    await venue.quiet();
    const hashes = await venue.stateHashes();
    await venue.stop();
    await venue.start();
    await venue.quiet();
    assert.deepEqual(await venue.stateHashes(), hashes);
    await sell("1", "214");
    await print("213");
    await becomesStatus(sleeping, "FILLED");
    await clean();
    assert.deepEqual(await venue.violations(), []);
  });
});
