import assert from "node:assert/strict";
import { join } from "node:path";
import { after, it } from "node:test";
import { recoverService } from "./recover-service.ts";
import { type OrderAnswer, TestVenue } from "./testing/test-venue.ts";

const venue = new TestVenue();
after(() => venue.remove());

it("order has its halts, price bands and groups again; a halt of the reference data is none of its own", {
  timeout: 300_000,
}, async () => {
  await venue.start();
  await venue.list(["AAPL", "BTC-USD"]);
  await venue.quiet();
  await venue.stop();
  const restore = await venue.backUp("order");
  await venue.start();
  const gina = await venue.account("gina", { USD: "100000" });
  await venue.list(["ETH-USD"]);
  await venue.quiet();
  const bands = { lowerPrice: "150", upperPrice: "250", limitStateMs: 15_000 };
  const symbols = "/api/v1/orders/symbols";
  await venue.operator.call("PUT", `${symbols}/BTC-USD/bands`, { body: { ...bands, upperPrice: "70000" } });
  await venue.operator.call("PUT", `${symbols}/AAPL/bands`, { body: bands });
  await venue.operator.call("DELETE", `${symbols}/BTC-USD/bands`, {});
  const group = "/api/v1/orders/accounts/gina/self-trade-group";
  await venue.operator.call("PUT", group, { body: { selfTradeGroup: "desk-1" } });
  await venue.operator.call("PUT", group, { body: { selfTradeGroup: "desk-2" } });
  // Halted by an operator: one that the backup knows, and one that is listed since. The third by its own definition.
  for (const symbol of ["BTC-USD", "ETH-USD"])
    await venue.operator.call("POST", `${symbols}/${symbol}/halt`, {});
  await venue.operator.call("POST", `${symbols}/BTC-USD/resume`, {});
  await venue.operator.call("POST", `${symbols}/BTC-USD/cancel-only`, {});
  const status = async (word: string) => {
    await venue.operator.call("PATCH", "/api/v1/instruments/AAPL", {
      body: { status: word },
      idempotencyKey: `AAPL-${word}`,
    });
    await venue.quiet();
  };
  await status("HALTED");
  const rules = async (when: string) => ({
    bands: [
      await venue.operator.call("GET", `${symbols}/AAPL/bands`),
      await venue.operator.call("GET", `${symbols}/BTC-USD/bands`),
    ].map((shown) => ({ ...(shown as object), setAt: undefined })),
    group: { ...(await venue.operator.call<object>("GET", group)), setAt: undefined },
    halted: await Promise.all(
      ["AAPL", "BTC-USD", "ETH-USD"].map(async (symbol) => {
        const body = {
          symbol,
          side: "BUY",
          orderType: "LIMIT",
          timeInForce: "IOC",
          quantity: "1",
          clientOrderId: `${when}-${symbol}`,
          price: "170",
        };
        const { code } = await venue
          .as(gina)
          .call<OrderAnswer>("POST", "/api/v1/orders", { body, accept: [422] });
        return code;
      }),
    ),
  });
  const before = await rules("before");
  assert.deepEqual(before.halted, ["trading_halted", "trading_halted", "trading_halted"]);
  await venue.stop();
  await restore();
  const recovery = (file?: string) =>
    recoverService({
      service: "order",
      dataFolder: venue.folder,
      bus: "embedded",
      dryRun: false,
      ...(file === undefined ? {} : { file }),
      env: venue.env,
      progress: () => {},
    });
  const nowhere = join(venue.folder, "nowhere", "lost.jsonl");
  await assert.rejects(recovery(nowhere), {
    code: "config_invalid",
    message: /lost\.jsonl, .* can't be written/,
  });
  await recovery();
  await venue.start();
  await venue.quiet();
  assert.deepEqual(await rules("restored"), before);
  await status("TRADING");
  for (const symbol of ["BTC-USD", "ETH-USD"])
    await venue.operator.call("POST", `${symbols}/${symbol}/resume`, {});
  await venue.quiet();
  assert.deepEqual((await rules("resumed")).halted, [
    "price_outside_collar",
    "price_outside_collar",
    "price_outside_collar",
  ]);
  assert.deepEqual(await venue.violations(), []);
  await venue.stop();
});
