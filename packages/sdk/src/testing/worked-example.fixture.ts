import { answerOf, bourseClient, ProblemError } from "../index.ts";

const bot = bourseClient({
  url: process.env.BOURSE_URL ?? "http://127.0.0.1:8080",
  key: process.env.BOURSE_KEY ?? "",
});
const signal = (): AbortSignal => AbortSignal.timeout(5_000);

/** Asks until it is known what became of it: only for what may be asked twice. */
async function insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      // A refusal says when to come again, or is final; without any answer nobody knows whether it was done.
      const waitMs = error instanceof ProblemError ? error.retryAfterMs : 100 * 2 ** attempt;
      if (waitMs === undefined || attempt === 8) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** The client order id makes it one order, however often it is sent; again with another body it is refused. */
const buy = (clientOrderId: string, quantity: string) =>
  insist(() =>
    answerOf(
      bot.POST("/api/v1/orders", {
        signal: signal(),
        body: { clientOrderId, symbol: "AAPL", side: "BUY", orderType: "LIMIT", quantity, price: "200" },
      }),
    ),
  );

/** The order once it is as wanted. What it has filled is in `filledQuantity`, summed: nothing is missed between looks. */
async function once(orderId: string, wanted: (order: Order) => boolean): Promise<Order> {
  for (;;) {
    const order = await insist(() =>
      answerOf(bot.GET("/api/v1/orders/{orderId}", { signal: signal(), params: { path: { orderId } } })),
    );
    if (wanted(order)) return order;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const placed: Order = await buy("tour-1", "2");
const open = await once(placed.orderId, ({ status }) => status !== "PENDING");
console.log(`placed: ${open.status}, ${open.leavesQuantity} to go`);
const again = await buy("tour-1", "2");
console.log(`sent again: ${again.orderId === open.orderId ? "the same order" : "another"}`);

await buy("tour-1", "3").catch((error: unknown) => {
  if (!(error instanceof ProblemError)) throw error;
  console.log(`another body: ${error.problem.code}`);
});
await buy("tour-2", "40000").catch((error: unknown) => {
  if (!(error instanceof ProblemError)) throw error;
  console.log(`${error.problem.code}: ${error.problem.required} ${error.problem.asset} are required`);
});

// An amendment or a cancel is named by its Idempotency-Key.
await insist(() =>
  answerOf(
    bot.PATCH("/api/v1/orders/{orderId}", {
      signal: signal(),
      params: { path: { orderId: open.orderId }, header: { "Idempotency-Key": "tour-1/smaller" } },
      body: { quantity: "1" },
    }),
  ),
);
const smaller = await once(open.orderId, ({ quantity }) => quantity === "1");
console.log(`amended: ${smaller.leavesQuantity} to go`);

// The items of a batch are answered each for itself, in their order.
const { results } = await insist(() =>
  answerOf(
    bot.POST("/api/v1/orders/batch", {
      signal: signal(),
      body: {
        items: [
          { action: "CANCEL", clientOrderId: "tour-1", idempotencyKey: "tour-1/cancel" },
          {
            action: "PLACE",
            clientOrderId: "tour-3",
            symbol: "AAPL",
            side: "BUY",
            orderType: "MARKET",
            quantity: "0",
          },
        ],
      },
    }),
  ),
);
console.log(`batch: ${results.map(({ status, problem }) => problem?.code ?? status).join(", ")}`);
console.log(
  `cancelled: ${(await once(open.orderId, ({ leavesQuantity }) => leavesQuantity === "0")).status}`,
);

// Lists come in pages; `nextCursor` is missing from the last one.
const seen: string[] = [];
for (let cursor: string | undefined; ; ) {
  const query = { limit: 1, ...(cursor === undefined ? {} : { cursor }) };
  const page = await insist(() => answerOf(bot.GET("/api/v1/orders", { params: { query } })));
  seen.push(...page.orders.map(({ clientOrderId, status }) => `${clientOrderId} ${status}`));
  cursor = page.nextCursor;
  if (cursor === undefined) break;
}
console.log(seen.join("; "));

type Order = Awaited<ReturnType<typeof buy>>;
