import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Exposures, type OrderUpdate } from "./exposures.ts";
import type { OpenAsk, OpenLimits } from "./open-exposure.ts";

const notionalUnits = (tickLots: number): bigint => BigInt(tickLots);
const UNLIMITED: OpenLimits = { maxOpenOrders: null, maxOpenNotionalUnits: null };

function ask(orderId: string, priceTicks: number, quantityLots: number): OpenAsk {
  return { orderId, asset: "USD", priceTicks, quantityLots, notionalUnits };
}

function open(
  orderId: string,
  priceTicks: number | null,
  quantityLots: number,
  leavesLots = quantityLots,
): OrderUpdate {
  const order = { orderId, asset: "USD", priceTicks, quantityLots, leavesLots, notionalUnits };
  return { kind: "open", order, referenceTicks: 7 };
}

const finished = (orderId: string): OrderUpdate => ({ kind: "finished", orderId });

function loaded(): Exposures {
  const exposures = new Exposures();
  exposures.begin("a");
  exposures.loaded("a", 10, []);
  return exposures;
}

function state(exposures: Exposures): readonly unknown[] {
  const exposure = exposures.of("a");
  return [exposure?.openOrders, exposure?.notionalUnits("USD"), exposures.outstanding];
}

test("an approval counts until its order is seen, then the order does", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 0);
  assert.deepEqual(state(exposures), [1, 50n, 1]);
  exposures.see("a", 11, open("x", 10, 5));
  assert.deepEqual(state(exposures), [1, 50n, 0]);
  exposures.see("a", 12, open("x", 10, 5, 2));
  assert.deepEqual(state(exposures), [1, 20n, 0]);
  exposures.see("a", 13, finished("x"));
  assert.deepEqual(state(exposures), [0, 0n, 0]);
});

test("an order that funds refuse frees its approval by the REJECTED event alone", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 0);
  exposures.see("a", 11, finished("x"));
  assert.deepEqual(state(exposures), [0, 0n, 0]);
});

test("the same key asked about again, at another price, is one order", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 0);
  exposures.reserve("a", ask("x", 12, 5), 1);
  assert.deepEqual(state(exposures), [1, 60n, 1]);
});

test("an id that is asked about again in another market counts in both assets until order has said which is the order", () => {
  const exposures = loaded();
  const sums = (): readonly unknown[] =>
    ["USD", "BTC"].map((asset) => exposures.of("a")?.notionalUnits(asset));
  exposures.see("a", 11, open("x", 10, 5));
  exposures.reserve("a", { ...ask("x", 7, 3), asset: "BTC" }, 0);
  assert.deepEqual(sums(), [50n, 21n]);
  exposures.see("a", 12, open("x", 10, 5, 4));
  assert.deepEqual(sums(), [40n, 21n]);
  // Order has refused the second one, since the id is taken.
  exposures.found({ orderId: "x", accountId: "a" }, false, 9);
  assert.deepEqual(sums(), [40n, 0n]);
  exposures.see("a", 13, finished("x"));
  assert.deepEqual(sums(), [0n, 0n]);

  exposures.reserve("a", ask("y", 10, 5), 0);
  exposures.reserve("a", { ...ask("y", 7, 3), asset: "BTC" }, 1);
  assert.deepEqual(sums(), [0n, 21n], "the last approval counts");
  exposures.see("a", 14, finished("y"));
  assert.deepEqual(sums(), [0n, 0n]);
});

test("an amendment counts with the dearer of its two forms until its outcome; a fill meanwhile does not end it", () => {
  const exposures = loaded();
  exposures.see("a", 11, open("x", 10, 5));
  exposures.reserve("a", ask("x", 20, 5), 0);
  assert.deepEqual(state(exposures), [1, 100n, 1]);
  exposures.see("a", 12, open("x", 10, 5, 4));
  assert.deepEqual(state(exposures), [1, 100n, 1]);
  exposures.see("a", 13, open("x", 20, 5, 4));
  assert.deepEqual(state(exposures), [1, 80n, 0]);
  // One that the engine refuses has no update: order is asked.
  exposures.reserve("a", ask("x", 30, 5), 0);
  assert.deepEqual(exposures.unheard({ nowMs: 0, ageMs: 0, limit: 9 }), [{ orderId: "x", accountId: "a" }]);
  exposures.found({ orderId: "x", accountId: "a" }, true, 5);
  assert.deepEqual(exposures.unheard({ nowMs: 9, ageMs: 5, limit: 9 }), []);
  exposures.found({ orderId: "x", accountId: "a" }, false, 9);
  assert.deepEqual(state(exposures), [1, 80n, 0]);
});

test("an approval whose order never came is forgotten once order says so, and not before", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 1_000);
  exposures.reserve("a", ask("y", 10, 5), 2_000);
  assert.deepEqual(
    exposures.unheard({ nowMs: 2_000, ageMs: 500, limit: 9 }).map(({ orderId }) => orderId),
    ["x"],
  );
  exposures.forget({ orderId: "x", accountId: "a" });
  assert.deepEqual(state(exposures), [1, 50n, 1]);
});

test("an approval from when the clock was ahead is asked about in its time, and holds up none behind it", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 3_600_000);
  exposures.reserve("a", ask("y", 10, 5), 1_000);
  const unheard = (nowMs: number): readonly string[] =>
    exposures.unheard({ nowMs, ageMs: 500, limit: 9 }).map(({ orderId }) => orderId);
  assert.deepEqual(unheard(1_000), []);
  assert.deepEqual(unheard(1_499), []);
  assert.deepEqual(unheard(1_500), ["x", "y"]);
});

test("an order that is committed and not seen counts on, and says that the updates lag", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 10, 5), 0);
  exposures.found({ orderId: "x", accountId: "a" }, false, 9);
  assert.deepEqual([...state(exposures), exposures.overdue], [1, 50n, 1, 1]);
  exposures.see("a", 11, open("x", 10, 5));
  assert.deepEqual([...state(exposures), exposures.overdue], [1, 50n, 0, 0]);
});

test("what is in the snapshot is not told again, what came while it was read is", () => {
  const exposures = new Exposures();
  exposures.begin("a");
  exposures.see("a", 10, open("x", 10, 5));
  exposures.see("a", 11, open("y", 10, 5, 1));
  assert.equal(exposures.of("a"), undefined);
  // x was finished by head 10, y is as it was before 11.
  exposures.loaded("a", 10, [open("y", 10, 5), open("z", 1, 1)]);
  assert.deepEqual(state(exposures), [2, 11n, 0]);
  exposures.see("a", 9, finished("z"));
  exposures.see("a", 12, finished("y"));
  assert.deepEqual(state(exposures), [1, 1n, 0]);
});

test("a market order counts with the worst price of its approval; unknown ones with the reference", () => {
  const exposures = loaded();
  exposures.reserve("a", ask("x", 12, 5), 0);
  exposures.see("a", 11, open("x", null, 5, 3));
  exposures.see("a", 12, open("y", null, 2));
  assert.deepEqual(state(exposures), [2, 36n + 14n, 0]);
});

test("the limits: at most as many orders and as much notional as they say, exactly; less is never refused", () => {
  const exposures = loaded();
  exposures.see("a", 11, open("x", 10, 5));
  const exposure = exposures.of("a");
  assert.ok(exposure);
  const refusal = (asked: OpenAsk, limits: Partial<OpenLimits>): unknown =>
    exposure.refusal(asked, { ...UNLIMITED, ...limits })?.code ?? null;
  assert.equal(refusal(ask("y", 1, 1), { maxOpenOrders: 2 }), null);
  assert.equal(refusal(ask("y", 1, 1), { maxOpenOrders: 1 }), "open_orders_limit_exceeded");
  assert.equal(refusal(ask("x", 99, 9), { maxOpenOrders: 0 }), null);
  assert.equal(refusal(ask("y", 10, 5), { maxOpenNotionalUnits: 100n }), null);
  assert.equal(refusal(ask("y", 10, 6), { maxOpenNotionalUnits: 100n }), "open_notional_limit_exceeded");
  assert.equal(refusal(ask("x", 20, 5), { maxOpenNotionalUnits: 100n }), null);
  assert.equal(refusal(ask("x", 21, 5), { maxOpenNotionalUnits: 100n }), "open_notional_limit_exceeded");
  // A limit that was lowered below what is open lets orders shrink.
  assert.equal(refusal(ask("x", 9, 5), { maxOpenNotionalUnits: 1n }), null);
});

/**
 * Order as risk does not see it: approvals that are committed, refused, or lost in a crash; fills and ends; updates
 * that are late; a risk that ends and loads anew.
 */
class Platform {
  readonly limits: OpenLimits = { maxOpenOrders: 4, maxOpenNotionalUnits: 300n };
  exposures = loaded();
  readonly approved = new Map<string, OpenAsk>();
  readonly orders = new Map<string, { ask: OpenAsk; leavesLots: number }>();
  readonly updates: { readonly sequence: number; readonly update: OrderUpdate }[] = [];
  sequence = 10;
  number = 0;

  act({ kind, lots, ticks }: { kind: string; lots: number; ticks: number }): void {
    if (kind === "ask") this.ask(ask(`o${++this.number}`, ticks, lots));
    else if (kind === "commit") this.commit();
    else if (kind === "reject") this.reject();
    else if (kind === "fill") this.fill(lots);
    else if (kind === "read") this.read();
    else this.restart();
    this.check();
  }

  ask(asked: OpenAsk): void {
    const exposure = this.exposures.of("a");
    assert.ok(exposure);
    if (exposure.refusal(asked, this.limits) !== null) return;
    this.exposures.reserve("a", asked, 0);
    this.approved.set(asked.orderId, asked);
  }

  commit(): void {
    const [asked] = this.approved.values();
    if (asked === undefined) return;
    this.approved.delete(asked.orderId);
    this.orders.set(asked.orderId, { ask: asked, leavesLots: asked.quantityLots });
    this.tell(open(asked.orderId, asked.priceTicks, asked.quantityLots));
  }

  reject(): void {
    const [asked] = this.approved.values();
    if (asked === undefined) return;
    this.approved.delete(asked.orderId);
    this.tell(finished(asked.orderId));
  }

  fill(lots: number): void {
    const [order] = this.orders.values();
    if (order === undefined) return;
    order.leavesLots -= Math.min(lots, order.leavesLots);
    const { orderId, priceTicks, quantityLots } = order.ask;
    if (order.leavesLots > 0) this.tell(open(orderId, priceTicks, quantityLots, order.leavesLots));
    else {
      this.orders.delete(orderId);
      this.tell(finished(orderId));
    }
  }

  tell(update: OrderUpdate): void {
    this.updates.push({ sequence: ++this.sequence, update });
  }

  read(): void {
    const next = this.updates.shift();
    if (next !== undefined) this.exposures.see("a", next.sequence, next.update);
  }

  /** After the accept window: what was approved and not committed by then never will be. */
  restart(): void {
    this.approved.clear();
    this.exposures = new Exposures();
    this.exposures.begin("a");
    const orders = [...this.orders.values()].map(
      ({ ask: { orderId, priceTicks, quantityLots }, leavesLots }) =>
        open(orderId, priceTicks, quantityLots, leavesLots),
    );
    this.exposures.loaded("a", this.sequence, orders);
  }

  /** The truth with everything that may still become true is within the limits, and never more than what is counted. */
  check(): void {
    const alive = [...this.orders.values()].map(
      ({ ask: { priceTicks }, leavesLots }) => priceTicks * leavesLots,
    );
    const coming = [...this.approved.values()].map(
      ({ priceTicks, quantityLots }) => priceTicks * quantityLots,
    );
    const count = alive.length + coming.length;
    const units = BigInt([...alive, ...coming].reduce((sum, each) => sum + each, 0));
    assert.ok(count <= 4 && units <= 300n, "the limits hold");
    const exposure = this.exposures.of("a");
    assert.ok(
      exposure !== undefined && exposure.openOrders >= count && exposure.notionalUnits("USD") >= units,
    );
  }
}

test("whatever is late, refused, lost or restarted: the limits hold, and in the end exactly what is open counts", () => {
  const kind = fc.constantFrom("ask", "ask", "commit", "commit", "reject", "fill", "read", "read", "restart");
  const small = fc.integer({ min: 1, max: 15 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ kind, lots: small, ticks: small }), { maxLength: 60, size: "max" }),
      (plan) => {
        const platform = new Platform();
        for (const action of plan) platform.act(action);
        while (platform.updates.length > 0) platform.read();
        // What never came is forgotten, since order does not have it.
        for (const unheard of platform.exposures.unheard({ nowMs: 0, ageMs: 0, limit: 99 }))
          platform.exposures.forget(unheard);
        platform.approved.clear();
        const exposure = platform.exposures.of("a");
        const alive = [...platform.orders.values()].map((each) => each.ask.priceTicks * each.leavesLots);
        assert.equal(exposure?.openOrders, alive.length);
        assert.equal(exposure?.notionalUnits("USD"), BigInt(alive.reduce((sum, each) => sum + each, 0)));
        assert.equal(platform.exposures.outstanding, 0);
      },
    ),
    { numRuns: 500 },
  );
});
