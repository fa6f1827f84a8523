import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from "./demo/market.ts";
import { PublicApi } from "./demo/public-api.ts";
import { machineTimer } from "./machine.ts";
import type { Platform } from "./platform.ts";
import { PlatformError } from "./platform-error.ts";
import { readRunFile } from "./run-file.ts";
import { startPlatform } from "./start-platform.ts";
import { stopPlatform } from "./stop-platform.ts";

const folder = mkdtempSync(join(tmpdir(), "bourse-platform-"));
const options = {
  dataFolder: folder,
  bus: "embedded",
  demo: false,
  ports: "free",
  host: "127.0.0.1",
  env: { LOG_LEVEL: "warn" },
  progress: () => {},
} as const;

let platform: Platform;
let operator: PublicApi;

before(async () => {
  platform = await startPlatform(options);
  operator = new PublicApi(platform.gatewayUrl, platform.operatorKey);
});

after(async () => {
  await platform.stop();
  removeDataFolder(join(folder, "postgres"));
  rmSync(folder, { recursive: true, force: true });
});

async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    await machineTimer.sleep(10);
  }
}

async function keyOf(accountId: string, funds: Readonly<Record<string, string>>): Promise<PublicApi> {
  await operator.call("POST", "/api/v1/accounts", { body: { accountId } });
  for (const [asset, amount] of Object.entries(funds)) {
    const path = `/api/v1/accounts/${accountId}/deposits`;
    await operator.call("POST", path, { body: { asset, amount }, idempotencyKey: `first-${asset}` });
  }
  const { key } = await operator.call<{ key: string }>("POST", "/api/v1/keys", {
    body: { accountId },
    idempotencyKey: `key-${accountId}`,
  });
  return new PublicApi(platform.gatewayUrl, key);
}

interface Account {
  readonly balances: readonly { readonly asset: string; readonly available: string; readonly held: string }[];
}

describe("a platform in one process", { timeout: 300_000 }, () => {
  it("takes an order by HTTP and settles its trade, and everyone sees it", async () => {
    for (const asset of DEMO_ASSETS) await operator.call("POST", "/api/v1/assets", { body: asset });
    for (const instrument of DEMO_INSTRUMENTS)
      await operator.call("POST", "/api/v1/instruments", { body: instrument });
    const alice = await keyOf("alice", { USD: "10000" });
    const bob = await keyOf("bob", { AAPL: "50" });
    const order = { symbol: "AAPL", orderType: "LIMIT", timeInForce: "GTC", quantity: "10", price: "210" };
    // Order's and wallet's views of the new instrument may be a moment behind.
    const sell = { ...order, side: "SELL", clientOrderId: "s1" };
    await until(
      () => bob.call<{ status?: string }>("POST", "/api/v1/orders", { body: sell, accept: [422, 503] }),
      ({ status }) => status === "PENDING" || status === "OPEN",
    );
    const bought = await alice.call<{ orderId: string }>("POST", "/api/v1/orders", {
      body: { ...order, side: "BUY", clientOrderId: "b1" },
    });
    await until(
      () => alice.call<{ status: string }>("GET", `/api/v1/orders/${bought.orderId}`),
      ({ status }) => status === "FILLED",
    );
    const { balances } = await until(
      () => alice.call<Account>("GET", "/api/v1/accounts/alice"),
      (account) => account.balances.some(({ asset }) => asset === "AAPL"),
    );
    // 10 x 210 and the taker's 300 ppm of it.
    assert.deepEqual(
      balances.map(({ asset, available, held }) => [asset, available, held]),
      [
        ["AAPL", "10", "0"],
        ["USD", "7899.37", "0"],
      ],
    );
    const { trades } = await until(
      () => operator.call<{ trades: { price: string }[] }>("GET", "/api/v1/markets/AAPL/trades"),
      (tape) => tape.trades.length > 0,
    );
    assert.equal(trades[0]?.price, "210");
    const { positions } = await until(
      () =>
        alice.call<{ positions: { symbol: string; quantity: string }[] }>(
          "GET",
          "/api/v1/accounts/alice/positions",
        ),
      (answer) => answer.positions.length > 0,
    );
    assert.deepEqual(
      positions.map(({ symbol, quantity }) => [symbol, quantity]),
      [["AAPL", "10"]],
    );
  });

  it("lets a key do what is its account's and nothing else", async () => {
    const carol = await keyOf("carol", {});
    await assert.rejects(carol.call("GET", "/api/v1/accounts/alice"), /403.*forbidden/);
    await assert.rejects(carol.call("POST", "/api/v1/accounts", { body: { accountId: "dave" } }), /403/);
    await assert.rejects(
      new PublicApi(platform.gatewayUrl, "bk_wrong").call("GET", "/api/v1/accounts/alice"),
      /401/,
    );
    const internal = await fetch(`${platform.gatewayUrl}/internal/wallet/counts`);
    assert.equal(internal.status, 404);
    await internal.arrayBuffer();
    const own = await fetch(
      `${platform.services.find(({ name }) => name === "wallet")?.url}/internal/wallet/counts`,
    );
    assert.equal(own.status, 401);
    await own.arrayBuffer();
  });

  it("serves the landing page and all documents", async () => {
    for (const [path, part] of [
      ["/", "What to try"],
      ["/landing.js", "/api/v1/markets"],
      ["/landing.css", "--accent"],
      ["/swagger-ui.html", "swagger-ui"],
      ["/api-docs", "openapi"],
      ["/order-service/api-docs", "/api/v1/orders/batch"],
      ["/asyncapi.json", "asyncapi"],
    ] as const) {
      const answer = await fetch(`${platform.gatewayUrl}${path}`);
      assert.equal(answer.status, 200, path);
      assert.ok((await answer.text()).includes(part), `${path} has ${part}`);
    }
  });

  it("tells operators its topics and what was said on them", async () => {
    const { topics } = await operator.call<{ topics: { name: string; partitions: unknown[] }[] }>(
      "GET",
      "/api/v1/platform/topics",
    );
    assert.equal(topics.find(({ name }) => name === "trade-events")?.partitions.length, 4);
    const path = "/api/v1/platform/topics/reference-events/records?from=0";
    const { records } = await operator.call<{ records: { value: { eventType: string } }[] }>("GET", path);
    assert.equal(records.length, DEMO_ASSETS.length + DEMO_INSTRUMENTS.length);
    assert.equal(records[0]?.value.eventType, "AssetListed");
  });

  it("R14: limits on what is open hold, and a kill switch in a stream of orders leaves nothing alive", async () => {
    const dora = await keyOf("dora", { USD: "100000" });
    const limits = (body: object): Promise<unknown> =>
      operator.call("PUT", "/api/v1/risk/limits/accounts/dora", { body });
    const buy = (clientOrderId: string): Promise<{ status?: string; code?: string }> => {
      const order = { symbol: "AAPL", side: "BUY", orderType: "LIMIT", timeInForce: "GTC", quantity: "1" };
      const body = { ...order, price: "200", clientOrderId };
      return dora.call("POST", "/api/v1/orders", { body, accept: [422] });
    };
    const stream = (prefix: string, count: number): Promise<{ status?: string; code?: string }[]> =>
      Promise.all(Array.from({ length: count }, (_, n) => buy(`${prefix}-${n}`)));
    const alive = async (): Promise<number> => {
      const path = "/api/v1/orders?status=PENDING&status=OPEN&limit=1000";
      return (await dora.call<{ orders: unknown[] }>("GET", path)).orders.length;
    };
    const heldUsd = async (): Promise<string | undefined> => {
      const { balances } = await dora.call<Account>("GET", "/api/v1/accounts/dora");
      return balances.find(({ asset }) => asset === "USD")?.held;
    };
    await limits({ maxOpenOrders: 20 });
    const limited = await stream("limited", 30);
    assert.equal(limited.filter(({ code }) => code === "open_orders_limit_exceeded").length, 10);
    assert.equal(await alive(), 20);
    await dora.call("DELETE", "/api/v1/orders");
    await until(alive, (count) => count === 0);
    await limits({});

    const streaming = Promise.all([stream("before", 30), stream("beside", 30)]);
    await operator.call("POST", "/api/v1/risk/kill-switch", { body: { accountId: "dora", reason: "wild" } });
    const answers = (await streaming).flat();
    assert.equal(answers.length, 60);
    await until(alive, (count) => count === 0);
    await until(heldUsd, (held) => held === "0");
    assert.equal((await buy("after")).code, "kill_switch_engaged");
  });

  it("has clean invariants in every service", async () => {
    await until(
      () => operator.call<{ services: { quiet: boolean }[] }>("GET", "/api/v1/platform/quiet"),
      ({ services }) => services.every(({ quiet }) => quiet),
    );
    for (const { name } of platform.services) {
      const { invariants } = await operator.call<{ invariants: { name: string; violations: string[] }[] }>(
        "POST",
        `/api/v1/platform/invariants/${name}`,
      );
      for (const invariant of invariants)
        assert.deepEqual(invariant.violations, [], `${name}: ${invariant.name}`);
    }
  });

  it("refuses a second platform on its data, and says which port is taken", async () => {
    assert.equal(readRunFile(folder)?.gatewayUrl, platform.gatewayUrl);
    await assert.rejects(
      startPlatform(options),
      (error: unknown) => error instanceof PlatformError && error.code === "already_running",
    );
    const other = mkdtempSync(join(tmpdir(), "bourse-port-"));
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const address = blocker.address();
    const port = typeof address === "object" ? address?.port : 0;
    try {
      const env = { ...options.env, RISK_URL: `http://127.0.0.1:${port}` };
      await assert.rejects(startPlatform({ ...options, dataFolder: other, env }), (error: unknown) => {
        assert.ok(error instanceof PlatformError);
        assert.match(error.message, new RegExp(`port ${port}, which risk listens on`));
        return error.code === "port_taken";
      });
    } finally {
      blocker.close();
      removeDataFolder(join(other, "postgres"));
      rmSync(other, { recursive: true, force: true });
    }
  });

  it("is there again after a stop, with everything it had", async () => {
    const account = await operator.call<Account>("GET", "/api/v1/accounts/alice");
    assert.equal(await platform.stop(), true);
    assert.deepEqual(await stopPlatform(folder), []);
    platform = await startPlatform(options);
    assert.equal(platform.firstStart, false);
    operator = new PublicApi(platform.gatewayUrl, platform.operatorKey);
    assert.deepEqual(await operator.call<Account>("GET", "/api/v1/accounts/alice"), account);
  });

  it("refuses data of another version", async () => {
    const other = mkdtempSync(join(tmpdir(), "bourse-version-"));
    writeFileSync(join(other, "data.json"), JSON.stringify({ version: 99, secret: "x" }));
    await assert.rejects(
      startPlatform({ ...options, dataFolder: other }),
      /is of version 99, this platform reads version 1/,
    );
    rmSync(other, { recursive: true });
  });
});
