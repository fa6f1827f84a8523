import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CALENDARS, dayEndMs } from "@bourse/market";
import { PROJECT_ROOT } from "./data-folder.ts";
import { type PrivatePlatform, startPrivatePlatform } from "./replay/private-platform.ts";
import { unknownCommands } from "./testing/known-commands.ts";
import { type BlockRunner, blockRunner } from "./testing/run-blocks.ts";
import { namedCommands, shellBlocks } from "./testing/shell-blocks.ts";

const PATH = "docs/orders.md";
const text = readFileSync(join(PROJECT_ROOT, PATH), "utf8");
const blocks = shellBlocks(PATH, text);

/** In CI nothing is skipped: there its absence fails. */
const skip = process.env.CI !== "true" && spawnSync("curl", ["--version"]).error ? "there is no curl" : false;

interface Order {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly filledQuantity: string;
  readonly filledNotional: string;
  readonly fee: string;
  readonly orderType: string;
  readonly status: string;
  readonly reason?: string;
}

interface Fill {
  readonly orderId: string;
  readonly quantity: string;
  readonly notional: string;
  readonly fee: string;
}

/** By its id what an order has filled, its notional, and the fee in minor units; nothing of one that has filled nothing. */
function filledOf({ orderId, filledQuantity, filledNotional, fee }: Order) {
  if (filledQuantity === "0") return [];
  return [
    [orderId, [Number(filledQuantity), Number(filledNotional), Math.round(Number(fee) * 1e6)]],
  ] as const;
}

/** An order of the day is none any more where the day ends meanwhile. */
function ofTheLongestDay(): string | undefined {
  const nowMs = Date.now();
  return CALENDARS.toSorted((one, other) => dayEndMs(other, nowMs) - dayEndMs(one, nowMs))[0];
}

describe("every order type and command of docs/orders.md, by curl and by `bourse order`", {
  skip,
  timeout: 480_000,
}, () => {
  let platform: PrivatePlatform;
  let runner: BlockRunner;

  before(async () => {
    platform = await startPrivatePlatform({ bus: "embedded", progress: () => undefined });
    for (const asset of [
      { asset: "USD", name: "US dollar", kind: "FIAT", scale: 6 },
      { asset: "AAPL", name: "Apple", kind: "EQUITY", scale: 0 },
    ])
      await call("POST", "/api/v1/assets", asset);
    await call("POST", "/api/v1/instruments", {
      symbol: "AAPL",
      calendar: ofTheLongestDay(),
      baseAsset: "AAPL",
      quoteAsset: "USD",
      tickSize: "0.01",
      lotSize: "1",
      minQuantity: "1",
      maxQuantity: "100000",
      maxPrice: "100000",
      makerFeePpm: 100,
      takerFeePpm: 300,
      collarPpm: 100_000,
      referencePrice: "210",
    });
    runner = blockRunner({
      folder: platform.dataFolder,
      env: { ...process.env, BOURSE_DATA: platform.dataFolder, BOURSE_URL: "", BOURSE_KEY: "", INIT_CWD: "" },
      urlOf: () => platform.gatewayUrl,
    });
    // Every service has heard of the instrument once nothing is on its way.
    assert.equal(
      await runner.run([{ path: PATH, line: 0, mode: "run", exits: 0, text: "npx bourse verify" }]),
      null,
    );
  });
  after(() => platform?.remove());

  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(platform.gatewayUrl + path, {
      method,
      headers: { authorization: `Bearer ${platform.operatorKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await answer.text();
    assert.ok(answer.ok, said);
    return JSON.parse(said);
  }

  /** What the account's fills sum to, by order, as `filledOf` tells an order's own figures. */
  async function filledByFills(accountId: string): Promise<Record<string, readonly number[]>> {
    const path = `/api/v1/accounts/${accountId}/fills?limit=1000`;
    const { fills } = (await call("GET", path)) as { fills: readonly Fill[] };
    const sums: Record<string, [number, number, number]> = {};
    for (const { orderId, quantity, notional, fee } of fills) {
      const [lots, paid, fees] = sums[orderId] ?? [0, 0, 0];
      sums[orderId] = [
        lots + Number(quantity),
        paid + Number(notional),
        fees + Math.round(Number(fee) * 1e6),
      ];
    }
    return sums;
  }

  it("runs as it stands, and each order becomes what its section says", async () => {
    const failed = await runner.run(blocks.filter(({ mode }) => mode === "run"));
    if (failed !== null)
      assert.fail(
        `${PATH}:${failed.block.line}: exit code ${failed.code}\n${failed.block.text}\n\n${failed.output}`,
      );
    const end = { path: PATH, line: 0, mode: "run", exits: 0, text: "npx bourse verify" } as const;
    assert.equal(await runner.run([end]), null, "every invariant holds");
    const { orders } = (await call("GET", "/api/v1/orders?accountId=ada&limit=1000")) as {
      orders: readonly Order[];
    };
    assert.deepEqual(await filledByFills("ada"), Object.fromEntries(orders.flatMap(filledOf)));
    const became = Object.fromEntries(
      orders.map(({ clientOrderId, orderType, status, reason }) => [
        clientOrderId,
        [orderType, status, reason].filter((word) => word !== undefined).join(" "),
      ]),
    );
    assert.deepEqual(became, {
      "limit-day": "LIMIT OPEN",
      "market-curl": "MARKET FILLED",
      market: "MARKET FILLED",
      slides: "LIMIT CANCELLED self_trade",
      hidden: "LIMIT CANCELLED requested",
      minimum: "LIMIT FILLED",
      reduces: "LIMIT CANCELLED mass_cancelled",
      "stop-loss-curl": "STOP_LOSS CANCELLED mass_cancelled",
      "stop-loss": "STOP_LOSS CANCELLED mass_cancelled",
      "stop-limit-curl": "STOP_LIMIT OPEN",
      "stop-limit": "STOP_LIMIT OPEN",
      touched: "STOP_LOSS CANCELLED mass_cancelled",
      "trails-later": "TRAILING_STOP CANCELLED mass_cancelled",
      "trailing-curl": "TRAILING_STOP CANCELLED mass_cancelled",
      trailing: "TRAILING_STOP CANCELLED mass_cancelled",
      "iceberg-curl": "ICEBERG OPEN",
      iceberg: "ICEBERG CANCELLED replaced",
      "pegged-curl": "PEGGED OPEN",
      pegged: "PEGGED OPEN",
      "take-profit": "LIMIT CANCELLED mass_cancelled",
      "stop-out": "STOP_LOSS CANCELLED one_cancels_other",
      entry: "LIMIT OPEN",
      "entry-profit": "LIMIT CANCELLED mass_cancelled",
      "entry-loss": "STOP_LOSS CANCELLED one_cancels_other",
      prevented: "LIMIT CANCELLED self_trade",
      replacement: "ICEBERG OPEN",
      "of-session": "LIMIT CANCELLED session_closed",
    });
  });
});

it("every command that docs/orders.md names is one that there is", () => {
  const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8"));
  const commands = [...blocks.map((block) => block.text), ...namedCommands(text)];
  assert.deepEqual(
    commands.flatMap((command) => unknownCommands(command, manifest)),
    [],
  );
});
