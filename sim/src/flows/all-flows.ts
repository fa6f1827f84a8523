import { rfc3339 } from "@bourse/contracts";
import type { Flow } from "./flow.ts";
import { expectStatus, type Trader } from "./trader.ts";

const BUY = { side: "BUY", quantity: "0.5", price: "60000" } as const;
const ASK = { side: "SELL", quantity: "0.5", price: "64000" } as const;

/** Beyond what a client is kept waiting after a crash (R14), so that the order is still accepted. */
const GTD_MS = 12_000;

async function rest(trader: Trader, accountId: string, key: string, terms: object): Promise<string> {
  const { body } = expectStatus(await trader.place(accountId, key, terms), 200, 201);
  await trader.quiet();
  return String(body.orderId);
}

/** The order that `prepare` left; its id follows from account and key. */
async function orderOf(trader: Trader, accountId: string, clientOrderId: string): Promise<string> {
  const { body } = expectStatus(await trader.get("/api/v1/orders", { accountId, clientOrderId }), 200);
  return String(body.orders[0].orderId);
}

export const FLOWS: readonly Flow[] = [
  {
    name: "accepted",
    about: "an order is accepted and rests",
    run: async (trader) => void expectStatus(await trader.place("taker", "order", BUY), 200, 201),
  },
  {
    name: "rejected-by-risk",
    about: "risk refuses an order whose price is outside the collar",
    run: async (trader) =>
      void expectStatus(await trader.place("taker", "order", { ...BUY, price: "100000" }), 422),
  },
  {
    name: "rejected-by-funds",
    about: "wallet refuses an order that the account can't pay",
    run: async (trader) => void expectStatus(await trader.place("poor", "order", BUY), 422),
  },
  {
    name: "partly-filled",
    about: "an order meets less than it wants; the rest of it stays",
    prepare: async (trader) => void (await rest(trader, "maker", "ask", { ...ASK, quantity: "0.2" })),
    run: async (trader) =>
      void expectStatus(await trader.place("taker", "order", { ...BUY, price: "64000" }), 200, 201),
  },
  {
    name: "filled",
    about: "an order is filled by a resting one",
    prepare: async (trader) => void (await rest(trader, "maker", "ask", ASK)),
    run: async (trader) =>
      void expectStatus(await trader.place("taker", "order", { ...BUY, price: "64000" }), 200, 201),
  },
  {
    name: "market",
    about: "a market order takes two levels and is done",
    prepare: async (trader) => {
      await rest(trader, "maker", "ask-1", { ...ASK, quantity: "0.1" });
      await rest(trader, "maker", "ask-2", { ...ASK, quantity: "0.1", price: "64100" });
    },
    run: async (trader) => {
      const terms = { side: "BUY", orderType: "MARKET", quantity: "0.3" };
      expectStatus(await trader.place("taker", "order", terms), 200, 201);
    },
  },
  {
    name: "cancelled",
    about: "a resting order is cancelled",
    prepare: async (trader) => void (await rest(trader, "taker", "order", BUY)),
    run: async (trader) => {
      const orderId = await orderOf(trader, "taker", "order");
      expectStatus(await trader.cancel(orderId, "cancel"), 202);
    },
  },
  {
    name: "amended-up",
    about: "a resting order is made larger: its hold is raised first",
    prepare: async (trader) => void (await rest(trader, "taker", "order", BUY)),
    run: async (trader) => {
      const orderId = await orderOf(trader, "taker", "order");
      expectStatus(await trader.amend(orderId, "amend", { quantity: "0.8", price: "61000" }), 202);
    },
  },
  {
    name: "amended-down",
    about: "a resting order is made smaller: its hold follows the report",
    prepare: async (trader) => void (await rest(trader, "taker", "order", BUY)),
    run: async (trader) => {
      const orderId = await orderOf(trader, "taker", "order");
      expectStatus(await trader.amend(orderId, "amend", { quantity: "0.1" }), 202);
    },
  },
  {
    name: "cancel-races-fill",
    about: "a cancel and the order that would fill its target are sent at once",
    races: true,
    prepare: async (trader) => void (await rest(trader, "maker", "ask", ASK)),
    run: async (trader) => {
      const orderId = await orderOf(trader, "maker", "ask");
      const [cancelled, placed] = await Promise.all([
        trader.cancel(orderId, "cancel"),
        trader.place("taker", "order", { ...BUY, price: "64000" }),
      ]);
      // Where the fill was faster the order is finished by the time of a second try.
      expectStatus(cancelled, 202, 409);
      expectStatus(placed, 200, 201);
    },
  },
  {
    name: "expiry-gtd",
    about: "an order expires at its time",
    run: async (trader) => {
      const expireAt = rfc3339(trader.supervisor.world.time.clock.nowMs() + GTD_MS);
      const terms = { ...BUY, timeInForce: "GTD", expireAt };
      expectStatus(await trader.place("taker", "order", terms), 200, 201);
      await trader.quiet();
      await trader.sleep(GTD_MS + 500);
    },
  },
  {
    name: "expiry-day",
    about: "an order expires at the end of its day",
    beginsAtMs: Date.UTC(2023, 10, 15) - 3_000,
    prepare: async (trader) => void (await rest(trader, "taker", "order", { ...BUY, timeInForce: "DAY" })),
    run: async (trader) => {
      await trader.sleep(3_500);
    },
  },
  {
    name: "kill-switch",
    about: "an account is stopped: its orders are cancelled, new ones refused",
    prepare: async (trader) => {
      await rest(trader, "taker", "order-1", BUY);
      await rest(trader, "taker", "order-2", { ...BUY, price: "59000" });
    },
    run: async (trader) => {
      const body = { accountId: "taker", reason: "a strategy runs wild" };
      expectStatus(await trader.send("POST", "/api/v1/risk/kill-switch", { body }), 200, 201);
      await trader.quiet();
      expectStatus(await trader.place("taker", "late", BUY), 422);
    },
  },
  {
    name: "account-release",
    about: "a stopped account is released by a maker and a checker, and trades again",
    prepare: async (trader) => {
      const body = { accountId: "taker", reason: "a strategy runs wild" };
      expectStatus(await trader.send("POST", "/api/v1/risk/kill-switch", { body }), 200, 201);
      await trader.quiet();
    },
    run: release,
  },
  {
    name: "shortfall",
    about: "a trade meets an account without the money: suspense pays, the account is blocked",
    prepare: async (trader) => {
      const orderId = await rest(trader, "taker", "order", BUY);
      await loseHold(trader, orderId);
      await trader.quiet();
    },
    run: async (trader) => {
      const terms = { side: "SELL", quantity: "0.5", price: "60000" };
      expectStatus(await trader.place("maker", "sale", terms), 200, 201);
    },
  },
  {
    name: "batch",
    about: "a batch places, amends, cancels and is refused, each item for itself",
    prepare: async (trader) => void (await rest(trader, "maker", "ask", ASK)),
    run: async (trader) => {
      const place = { action: "PLACE", symbol: "BTC-USD", orderType: "LIMIT", accountId: "taker" };
      const items = [
        { ...place, ...BUY, clientOrderId: "b-1" },
        { ...place, ...BUY, price: "64000", quantity: "0.2", clientOrderId: "b-2" },
        { ...place, ...BUY, price: "100000", clientOrderId: "b-3" },
        { ...place, ...BUY, accountId: "poor", clientOrderId: "b-4" },
        { action: "AMEND", accountId: "taker", clientOrderId: "b-1", quantity: "0.7" },
        { action: "CANCEL", accountId: "maker", clientOrderId: "ask" },
      ];
      await sendBatch(trader, items);
    },
  },
  {
    name: "recovery",
    about: "the process dies right after an order was answered, and again while it comes back",
    fromCrash: true,
    prepare: async (trader) => {
      await rest(trader, "maker", "ask", ASK);
      expectStatus(await trader.place("taker", "order", { ...BUY, price: "64000" }), 201);
    },
    run: (trader) => trader.quiet(),
  },
  {
    name: "orphaned-hold",
    about: "a hold whose order never came is given up: tombstone first, then release",
    prepare: async (trader) => {
      await holdWithoutOrder(trader);
      await trader.quiet();
    },
    run: (trader) => trader.sleep(13_000),
  },
];

/** The second operator's key is issued by the first one; a release that was done already is no failure. */
async function release(trader: Trader): Promise<void> {
  const issued = await trader.send("POST", "/api/v1/keys", {
    body: { role: "operator", name: "checker" },
    key: "checker",
  });
  const as = String(expectStatus(issued, 201).body.key);
  const asked = await trader.send("POST", "/api/v1/risk/kill-switch/release-requests", {
    body: { accountId: "taker" },
    key: "release",
  });
  const { id } = expectStatus(asked, 201).body;
  const path = `/api/v1/risk/kill-switch/release-requests/${id}/approve`;
  expectStatus(await trader.send("POST", path, { as }), 200, 409);
  await trader.quiet();
  // A COMMIT that came late is relayed at the relay's next look, and the door's copy is read again as often.
  await trader.sleep(2_500);
  expectStatus(await trader.place("taker", "order", BUY), 200, 201);
}

/** As a broken operator would: the money behind an open order is taken away. */
async function loseHold(trader: Trader, orderId: string): Promise<void> {
  const { services } = await trader.supervisor.up();
  const body = { orderIds: [orderId], raiseRequestIds: [] };
  await services
    .get("wallet")
    ?.dispatch.call({ method: "POST", path: "/internal/holds/release", body }, "sim");
  const { body: account } = await trader.get("/api/v1/accounts/taker");
  const { available } = account.balances.find((each: { asset: string }) => each.asset === "USD");
  const withdrawal = { body: { asset: "USD", amount: available }, key: "all" };
  expectStatus(await trader.send("POST", "/api/v1/accounts/taker/withdrawals", withdrawal), 200, 201);
}

/** What a crash of order between wallet's answer and its own commit leaves. */
async function holdWithoutOrder(trader: Trader): Promise<void> {
  const { services } = await trader.supervisor.up();
  const hold = {
    orderId: "0123456789abcdef0123456789abcdef",
    accountId: "taker",
    symbol: "BTC-USD",
    side: "BUY",
    quantity: "0.5",
    worstPrice: "60000",
    makerFeePpm: 100,
    takerFeePpm: 300,
  };
  const body = { holds: [hold], raises: [] };
  await services.get("wallet")?.dispatch.call({ method: "POST", path: "/internal/holds", body }, "sim");
}

/** Sent again as long as an item says that it could not be taken now. */
async function sendBatch(trader: Trader, items: readonly object[]): Promise<void> {
  for (;;) {
    const { body } = expectStatus(
      await trader.send("POST", "/api/v1/orders/batch", {
        body: { items, stopWhenUnavailable: true },
        key: "batch",
      }),
      200,
    );
    const statuses: readonly number[] = body.results.map((result: { status: number }) => result.status);
    if (statuses.every((status) => status < 500 && status !== 429)) return;
    await trader.sleep(200);
  }
}
