import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from "./demo/market.ts";
import { PublicApi } from "./demo/public-api.ts";
import { machineTimer } from "./machine.ts";
import { startPlatform } from "./start-platform.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

interface Records {
  readonly records: readonly {
    readonly headers: Readonly<Record<string, string>>;
    readonly value: { readonly eventType: string };
  }[];
}

it("a client's trace goes on through the bus to the settled trade", { timeout: 300_000 }, async (t) => {
  const collector = createServer((request, response) => request.resume().on("end", () => response.end("{}")));
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(join(tmpdir(), "bourse-trace-"));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const platform = await startPlatform({
    dataFolder: folder,
    bus: "embedded",
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    env: { LOG_LEVEL: "warn", OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    progress: () => {},
  });
  t.after(async () => {
    await platform.stop();
    collector.closeAllConnections();
    collector.close();
    removeDataFolder(join(folder, "postgres"));
    rmSync(folder, { recursive: true, force: true });
  });
  const operator = new PublicApi(platform.gatewayUrl, platform.operatorKey);
  for (const asset of DEMO_ASSETS) await operator.call("POST", "/api/v1/assets", { body: asset });
  for (const instrument of DEMO_INSTRUMENTS)
    await operator.call("POST", "/api/v1/instruments", { body: instrument });
  for (const [accountId, asset] of [
    ["alice", "USD"],
    ["bob", "AAPL"],
  ] as const) {
    await operator.call("POST", "/api/v1/accounts", { body: { accountId } });
    await operator.call("POST", `/api/v1/accounts/${accountId}/deposits`, {
      body: { asset, amount: "10000" },
      idempotencyKey: "d",
    });
  }
  const place = async (accountId: string, side: string, traceparent?: string): Promise<number> => {
    const order = {
      accountId,
      symbol: "AAPL",
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: "1",
      price: "210",
      clientOrderId: side,
    };
    const answer = await fetch(`${platform.gatewayUrl}/api/v1/orders`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${platform.operatorKey}`,
        "content-type": "application/json",
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: JSON.stringify(order),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  // Order's view of the new instrument may be a moment behind.
  while ((await place("bob", "SELL")) !== 201) await machineTimer.sleep(20);
  assert.equal(await place("alice", "BUY", `00-${TRACE_ID}-b7ad6b7169203331-01`), 201);

  for (const [topic, eventType] of [
    ["order-events", "OrderCreated"],
    ["execution-events", "ExecutionReport"],
    ["trade-events", "TradeExecuted"],
    ["trade-events", "TradeSettled"],
  ] as const) {
    const traced = async (): Promise<boolean> => {
      for (let partition = 0; partition < 4; partition++) {
        const path = `/api/v1/platform/topics/${topic}/records?last=50&partition=${partition}`;
        const { records } = await operator.call<Records>("GET", path);
        const found = records.some(
          ({ headers, value }) => value.eventType === eventType && headers.traceparent?.includes(TRACE_ID),
        );
        if (found) return true;
      }
      return false;
    };
    while (!(await traced())) await machineTimer.sleep(20);
  }
});
